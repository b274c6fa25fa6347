/**
 * Words that cannot be a member's name in C11 or C++20, or that common system headers or compilers define as macros in
 * lower case (`errno`; `linux` and `unix` in GNU C).
 */
const taken = new Set(
  (
    'alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t char8_t class ' +
    'co_await co_return co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype ' +
    'default delete do double dynamic_cast else enum errno explicit export extern false far float for friend goto i386 if ' +
    'imaginary inline int linux long mutable namespace near new noexcept noreturn not not_eq nullptr operator or or_eq ' +
    'private protected public register reinterpret_cast requires restrict return short signed sizeof static ' +
    'static_assert static_cast stderr stdin stdout struct switch template this thread_local throw true try typedef typeid ' +
    'typename typeof union unix unsigned using virtual void volatile wchar_t while xor xor_eq'
  ).split(' '),
);

/** `impliedVolatility` and `ImpliedVolatility` become `implied_volatility`, `HTTPPort` becomes `http_port`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** The C name of a field. A keyword gets an underscore at the end, which no other field's name can have. */
export function memberName(field: string): string {
  const name = snakeCase(field);
  return taken.has(name) ? `${name}_` : name;
}

/** The C name of a struct or enumeration, which is its tag and its typedef. */
export function typeNameOf(service: string, type: string): string {
  return `${snakeCase(service)}_${snakeCase(type)}`;
}

/** The C name of one value of an enumeration. */
export function enumeratorName(service: string, type: string, value: string): string {
  return `${typeNameOf(service, type)}_${snakeCase(value)}`.toUpperCase();
}

/** The C name of one of the service's errors. */
export function errorName(service: string, error: string): string {
  return `${snakeCase(service)}_error_${snakeCase(error)}`.toUpperCase();
}

/** The C names of a method: its number, its handler, what calls the handler, and what calls the method from a client. */
export function methodNames(
  service: string,
  method: string,
): { number: string; handler: string; adapter: string; client: string } {
  const prefix = snakeCase(service);
  const name = snakeCase(method);
  return {
    number: `${prefix}_method_${name}`.toUpperCase(),
    handler: `${prefix}_on_${name}`,
    adapter: `${prefix}_handle_${name}`,
    client: `${prefix}_call_${name}`,
  };
}

/** The C name of the function that checks an input, or a reply, of this struct. */
export function checkName(service: string, struct: string, role: 'input' | 'reply'): string {
  return `${snakeCase(service)}_check_${snakeCase(struct)}_${role}`;
}

/** The C names that every service has. */
export function serviceNames(service: string): {
  schema: string;
  register: string;
  main: string;
  errors: string;
  methods: string;
  guard: string;
} {
  const prefix = snakeCase(service);
  return {
    schema: `${prefix}_schema`,
    register: `${prefix}_register`,
    main: `${prefix}_main`,
    errors: `${prefix}_error`,
    methods: `${prefix}_method`,
    guard: `${prefix.toUpperCase()}_ISTHMUS_H`,
  };
}
