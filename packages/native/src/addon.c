/* addon.c: what the module exports. Each environment (the main thread, a Worker) has its own channels; nothing is global. */
#include "addon.h"

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"open", NULL, open_channel, NULL, NULL, NULL, napi_default, NULL},
      {"describe", NULL, describe_instance, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
