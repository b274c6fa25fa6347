/* addon.c: what the module exports. Each environment (the main thread, a Worker) has its own channels; nothing is global. */
#include "regions.h"

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
      {"open", NULL, open_channel, NULL, NULL, NULL, napi_default, NULL},
      {"describe", NULL, describe_instance, NULL, NULL, NULL, napi_default, NULL},
      {"ownRegions", NULL, own_regions, NULL, NULL, NULL, napi_default, NULL},
      {"attachSegment", NULL, attach_segment, NULL, NULL, NULL, napi_default, NULL},
      {"createSegment", NULL, create_segment, NULL, NULL, NULL, napi_default, NULL},
      {"removeSegment", NULL, remove_segment, NULL, NULL, NULL, napi_default, NULL},
      {"isFileUsed", NULL, is_file_used, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
