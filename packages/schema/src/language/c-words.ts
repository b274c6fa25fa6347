/** Words that cannot be a member's name in C11 or C++20, and what GNU C defines as macros in lower case (`linux`, `unix`). */
const keywords = (
  'alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t char8_t ' +
  'class co_await co_return co_yield compl complex concept const const_cast consteval constexpr constinit continue ' +
  'decltype default delete do double dynamic_cast else enum explicit export extern false far float for friend goto ' +
  'i386 if imaginary inline int linux long mutable namespace near new noexcept noreturn not not_eq nullptr ' +
  'operator or or_eq private protected public register reinterpret_cast requires restrict return short signed ' +
  'sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid ' +
  'typename typeof union unix unsigned using virtual void volatile wchar_t while xor xor_eq'
).split(' ');

/** Macros in lower case of the headers of the C standard and of POSIX: a member of such a name would be another one behind them. */
const macros = (
  'd_fileno errno h_addr h_errno math_errhandling s6_addr s6_addr16 s6_addr32 sa_handler sa_sigaction ' +
  'sched_priority si_addr si_addr_lsb si_arch si_band si_call_addr si_fd si_int si_lower si_overrun si_pid si_pkey ' +
  'si_ptr si_status si_stime si_syscall si_timerid si_uid si_upper si_utime si_value sigev_notify_attributes ' +
  'sigev_notify_function st_atime st_ctime st_mtime stderr stdin stdout'
).split(' ');

/** What cannot be, or had better not be, the name of a struct's member in C. */
export const cWords: ReadonlySet<string> = new Set([...keywords, ...macros]);

/** `impliedVolatility` and `ImpliedVolatility` become `implied_volatility`, `HTTPPort` becomes `http_port`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
