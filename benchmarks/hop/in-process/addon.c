/* addon.c: the same function as a Node-API addon: echo(request: Uint8Array, reply: Uint8Array). */
#include "copy.h"

#include <node_api.h>
#include <stdbool.h>

static napi_value call_echo(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2, lengths[2];
  void *bytes[2];
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok || count != 2) return NULL;
  for (int i = 0; i < 2; i++)
    if (napi_get_buffer_info(env, arguments[i], &bytes[i], &lengths[i]) != napi_ok) return NULL;
  if (lengths[0] != lengths[1]) {
    napi_throw_range_error(env, NULL, "request and reply must be of the same size");
    return NULL;
  }
  echo(bytes[0], bytes[1], lengths[0]);
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "echo", NAPI_AUTO_LENGTH, call_echo, NULL, &function) == napi_ok)
    napi_set_named_property(env, exports, "echo", function);
  return exports;
}
