// cxx_test.cpp: the public headers are C++17 too, and link.
#include <isthmus/isthmus.h>

#include <cstdio>
#include <cstring>

ISTH_STATIC_ASSERT(sizeof(isth_trace) == 24, "both languages see the same layout");

static int on_nothing(isth_call *call, void *) { return isth_refuse(call, 1, "no"); }

int main() {
  static const isth_method methods[] = {{1, "nothing", 0, 0, ISTH_REPLIES_ONE}};
  static const isth_region_type regions[] = {{1, "number", sizeof(double), 1, 0, 0, false, ISTH_WRITERS_ONE}};
  const isth_schema schema = {"cxx", {}, nullptr, methods, 1, regions, 1};
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = "/tmp/isth-test-cxx.sock";
  isth_service *service = nullptr;
  isth_failure failure = {};
  bool good = isth_service_open(&service, &schema, &options, &failure) == ISTH_OK &&
              isth_service_handle(service, 1, 0, on_nothing, nullptr) == ISTH_OK;
  const double written = 1.5;
  double number = 0;
  isth_region *region = good ? isth_service_region(service, 1) : nullptr;
  good = region != nullptr && isth_region_write(region, 0, &written, ISTH_ANY_VERSION, nullptr) == ISTH_OK &&
         isth_region_read(region, 0, &number, nullptr) == ISTH_OK && number == written;
  isth_service_close(service);
  isth_client *client = nullptr;
  good = good && isth_client_open(&client, options.path, &schema, nullptr, &failure) == ISTH_E_NO_INSTANCE &&
         std::strcmp(isth_error_name(failure.error), "NO_INSTANCE") == 0;
  if (!good) {
    std::fprintf(stderr, "cxx_test: %s\n", failure.message);
    return 1;
  }
  std::puts("cxx_test: 1 passed");
  return 0;
}
