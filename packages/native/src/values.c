/* values.c: arguments in, errors out. */
#include "addon.h"

struct channel *channel_arguments(napi_env env, napi_callback_info info, size_t *count, napi_value *values) {
  void *data;
  if (napi_get_cb_info(env, info, count, values, NULL, &data) != napi_ok) return NULL;
  struct channel *channel = data;
  if (channel->client == NULL || channel->closing) {
    throw_status(env, ISTH_E_CLOSED, "");
    return NULL;
  }
  return channel;
}

napi_value make_error(napi_env env, int status, const char *message) {
  napi_value text, error, number;
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text);
  napi_create_error(env, NULL, text, &error);
  napi_create_int32(env, status, &number);
  napi_set_named_property(env, error, "status", number);
  return error;
}

napi_value throw_status(napi_env env, int status, const char *message) {
  napi_throw(env, make_error(env, status, message));
  return NULL;
}

double number_option(napi_env env, napi_value options, const char *name, double fallback) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, options, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number == 0 ? fallback : number;
}
