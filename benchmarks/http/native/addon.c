/*
 * addon.c: the quote as a Node-API addon, in the process of the server. The memory of both structs is given once, so that a
 * call takes no argument and makes no object: the least that a crossing can cost.
 *
 *   bind(request: ArrayBuffer, reply: ArrayBuffer): () => string | undefined    answers; gives the refusal, if it is one
 */
#include "quote.h"

#include <node_api.h>
#include <stdlib.h>

/* The memory is the buffers', which are kept for as long as the function that uses them. */
typedef struct bound {
  const quote_request *request;
  quote_reply *reply;
  napi_ref buffers[2];
} bound;

static napi_value answer(napi_env env, napi_callback_info info) {
  void *data;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data) != napi_ok) return NULL;
  const bound *memory = data;
  const char *refusal = quote_answer(memory->request, memory->reply);
  napi_value text = NULL;
  if (refusal != NULL) napi_create_string_utf8(env, refusal, NAPI_AUTO_LENGTH, &text);
  return text;
}

static void release(napi_env env, void *data, void *hint) {
  (void)hint;
  bound *memory = data;
  for (size_t i = 0; i < 2; i++) napi_delete_reference(env, memory->buffers[i]);
  free(memory);
}

/* The memory of an ArrayBuffer of `bytes`; NULL where `value` is none. */
static void *memory_of(napi_env env, napi_value value, size_t bytes) {
  void *data;
  size_t found;
  if (napi_get_arraybuffer_info(env, value, &data, &found) != napi_ok) return NULL;
  return found == bytes ? data : NULL;
}

static napi_value bind(napi_env env, napi_callback_info info) {
  napi_value arguments[2], function;
  size_t count = 2;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return NULL;
  void *request = memory_of(env, arguments[0], sizeof(quote_request));
  void *reply = memory_of(env, arguments[1], sizeof(quote_reply));
  if (request == NULL || reply == NULL) {
    napi_throw_type_error(env, NULL, "bind takes an ArrayBuffer for the request and one for the reply");
    return NULL;
  }
  bound *memory = malloc(sizeof *memory);
  if (memory == NULL) abort();
  memory->request = request;
  memory->reply = reply;
  for (size_t i = 0; i < 2; i++) napi_create_reference(env, arguments[i], 1, &memory->buffers[i]);
  napi_create_function(env, "quote", NAPI_AUTO_LENGTH, answer, memory, &function);
  napi_add_finalizer(env, function, memory, release, NULL, NULL);
  return function;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "bind", NAPI_AUTO_LENGTH, bind, NULL, &function);
  napi_set_named_property(env, exports, "bind", function);
  return exports;
}
