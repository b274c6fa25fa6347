/* Answers the calls of __name__.schema.ts. The header is made from it by `isthmus start` and `isthmus gen`. */
#include <__service__.h>

int __prefix___on_divide(isth_call *call, const __prefix___divide_request *in, __prefix___divide_reply *out)
{
  if (in->divisor == 0)
    return isth_refuse(call, __PREFIX___ERROR_DIVISION_BY_ZERO, "the divisor is 0");
  out->quotient = in->dividend / in->divisor;
  return 0;
}

int main(int argc, char **argv)
{
  return __prefix___main(argc, argv);
}
