// The Node-API module. Numbers of a scan pass through `registers`, an array that JavaScript and C
// share, because Node-API converts each argument separately, which takes longer than checking a
// short record.
#include <node_api.h>
#include <pthread.h>
#include <stdlib.h>

#include "crc32c.h"

// Version of the contract with src/crc32c/native-addon.ts: functions, arguments and registers.
enum { ABI = 1 };

// Registers. Results replace arguments.
enum { FROM, TO, MAX_BYTES, CHECKS };
enum { POSITION, STOP, LENGTH_LOW, LENGTH_HIGH, EXPECTED, ACTUAL, REGISTERS };

// State of one JavaScript environment: the main thread or a worker thread.
typedef struct {
  const kernel *kernel;
  double *registers;
} environment;

static const kernel *kernels[MAX_KERNELS];
static int kernel_count;

static void find_all(void) { kernel_count = find_kernels(kernels); }

typedef struct {
  uint8_t *bytes;
  size_t length;
} span;

// Returns the memory of a typed array. Anything else is an empty span.
static span span_of(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok)
    return (span){NULL, 0};
  return (span){data, type == napi_uint32_array ? 4 * length : length};
}

static environment *arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  environment *state;
  napi_get_cb_info(env, info, &count, values, NULL, (void **)&state);
  return state;
}

static napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

// crc32c(bytes, seed)
static napi_value crc32c(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const environment *state = arguments(env, info, 2, values);
  const span message = span_of(env, values[0]);
  uint32_t seed = 0;
  napi_get_value_uint32(env, values[1], &seed);
  return number(env, state->kernel->crc32c(message.bytes, message.length, seed));
}

// Returns a register as a position in `bytes`.
static size_t position_in(span bytes, double value) {
  return value >= 0 && value < (double)bytes.length ? (size_t)value : bytes.length;
}

// scan(bytes, index or undefined) returns the number of frames.
static napi_value scan(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const environment *state = arguments(env, info, 2, values);
  double *registers = state->registers;
  const span bytes = span_of(env, values[0]);
  const span index = span_of(env, values[1]);
  const size_t to = position_in(bytes, registers[TO]);
  const size_t from = position_in(bytes, registers[FROM]);
  frame_scan result;
  state->kernel->scan(bytes.bytes, from < to ? from : to, to, (uint32_t *)(void *)index.bytes,
                      (uint32_t)(index.length / 8), (uint32_t)registers[MAX_BYTES],
                      (uint32_t)registers[CHECKS], &result);
  registers[POSITION] = (double)result.position;
  registers[STOP] = result.stop;
  registers[LENGTH_LOW] = result.length_low;
  registers[LENGTH_HIGH] = result.length_high;
  registers[EXPECTED] = result.expected;
  registers[ACTUAL] = result.actual;
  return number(env, result.count);
}

// find(bytes) returns the position of the first header, or -1.
static napi_value find(napi_env env, napi_callback_info info) {
  napi_value values[1];
  const environment *state = arguments(env, info, 1, values);
  const double *registers = state->registers;
  const span bytes = span_of(env, values[0]);
  const size_t to = position_in(bytes, registers[TO]);
  const size_t from = position_in(bytes, registers[FROM]);
  const size_t found =
      state->kernel->find(bytes.bytes, from < to ? from : to, to, (uint32_t)registers[MAX_BYTES]);
  return number(env, found == SIZE_MAX ? -1 : (double)found);
}

// select(number) selects one of `kernels`, for tests.
static napi_value select_kernel(napi_env env, napi_callback_info info) {
  napi_value values[1];
  environment *state = arguments(env, info, 1, values);
  uint32_t wanted = 0;
  napi_get_value_uint32(env, values[0], &wanted);
  if (wanted < (uint32_t)kernel_count) state->kernel = kernels[wanted];
  return NULL;
}

static void export_value(napi_env env, napi_value exports, const char *name, napi_value value) {
  napi_set_named_property(env, exports, name, value);
}

static void export_function(napi_env env, napi_value exports, const char *name, napi_callback call,
                            environment *state) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, state, &function);
  export_value(env, exports, name, function);
}

static void release(napi_env env, void *state, void *hint) {
  (void)env;
  (void)hint;
  free(state);
}

// Creates the registers and keeps them until the environment ends.
static double *create_registers(napi_env env, napi_value exports) {
  napi_value buffer, registers;
  napi_ref reference;
  void *data = NULL;
  napi_create_arraybuffer(env, REGISTERS * sizeof(double), &data, &buffer);
  napi_create_typedarray(env, napi_float64_array, REGISTERS, buffer, 0, &registers);
  napi_create_reference(env, buffer, 1, &reference);
  export_value(env, exports, "registers", registers);
  return data;
}

// Returns the names of the kernels, fastest first.
static napi_value kernel_names(napi_env env) {
  napi_value names, name;
  napi_create_array(env, &names);
  for (int i = 0; i < kernel_count; i++) {
    napi_create_string_utf8(env, kernels[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, (uint32_t)i, name);
  }
  return names;
}

// Worker threads load the module again, which calls this function in their environment.
NAPI_MODULE_INIT() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_all);
  export_value(env, exports, "abi", number(env, ABI));
  export_value(env, exports, "kernels", kernel_names(env));
  environment *state = malloc(sizeof *state);
  if (kernel_count == 0 || state == NULL) {
    free(state);
    return exports;
  }
  *state = (environment){kernels[0], create_registers(env, exports)};
  napi_set_instance_data(env, state, release, NULL);
  export_function(env, exports, "crc32c", crc32c, state);
  export_function(env, exports, "scan", scan, state);
  export_function(env, exports, "find", find, state);
  export_function(env, exports, "select", select_kernel, state);
  return exports;
}
