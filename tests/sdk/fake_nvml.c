/* A driver's library with faults, under the real nvidia-ml-py: FAULTS names them, separated by commas.
   The processes on every device are the numbers in the file that PROCESSES names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NO_PERMISSION = 4, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15, VERSION_MISMATCH = 18, UNKNOWN = 999 };

static int faulty(const char *name) {
  const char *faults = getenv("FAULTS"), *found = faults ? strstr(faults, name) : NULL;
  size_t length = strlen(name);
  return found && (found[length] == '\0' || found[length] == ',') && (found == faults || found[-1] == ',');
}

static int index_of(void *device) { return (int)(long)device - 1; }

int nvmlInitWithFlags(unsigned flags) {
  if (faulty("no driver")) return DRIVER_NOT_LOADED;
  if (faulty("mismatch")) return VERSION_MISMATCH;
  return faulty("no start") ? UNKNOWN : SUCCESS;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int error) {
  static char text[32];
  snprintf(text, sizeof text, "error %d", error);
  return text;
}
int nvmlSystemGetDriverVersion(char *text, unsigned length) {
  if (faulty("no version")) return UNKNOWN;
  snprintf(text, length, "580.126.09");
  return SUCCESS;
}
int nvmlDeviceGetCount_v2(unsigned *count) {
  *count = 3;
  return faulty("no count") ? UNKNOWN : SUCCESS;
}
/* Only the device in the middle has faults. */
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *)(long)(index + 1);
  if (index == 1 && faulty("lost")) return GPU_IS_LOST;
  if (index == 1 && faulty("forbidden")) return NO_PERMISSION;
  return SUCCESS;
}
int nvmlDeviceGetName(void *device, char *text, unsigned length) {
  int middle = index_of(device) == 1;
  if (middle && faulty("silent")) return UNKNOWN;
  snprintf(text, length, "%s", faulty("GB10") ? "NVIDIA GB10" : "NVIDIA H100 80GB HBM3");
  if (middle && faulty("bad name")) text[0] = (char)0xff;
  if (middle && faulty("no name")) text[0] = '\0';
  return SUCCESS;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned length) {
  snprintf(text, length, "GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe%d", index_of(device));
  return SUCCESS;
}
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory) {
  if (faulty("GB10")) return NOT_SUPPORTED;
  memory[0] = memory[1] = 80ULL << 30;
  memory[2] = 0;
  return SUCCESS;
}
int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
  if (index_of(device) != 1 || !faulty("MIG")) return NOT_SUPPORTED;
  *current = *pending = 1;
  return SUCCESS;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
  *device = (void *)(long)(uuid[strlen(uuid) - 1] - '0' + 1);
  return SUCCESS;
}
struct process {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
};
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct process *processes) {
  const char *path = getenv("PROCESSES");
  FILE *file = path ? fopen(path, "r") : NULL;
  unsigned pids[16], named = 0;
  if (faulty("no list")) return NOT_SUPPORTED;
  if (faulty("forbidden list")) return NO_PERMISSION;
  while (file && named < 16 && fscanf(file, "%u", &pids[named]) == 1) named++;
  if (file) fclose(file);
  if (named > *count) {
    *count = named;
    return INSUFFICIENT_SIZE;
  }
  *count = named;
  for (unsigned i = 0; i < named; i++) processes[i] = (struct process){pids[i], 1 << 20, ~0u, ~0u};
  return SUCCESS;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, struct process *processes) {
  *count = 0;
  return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *device, unsigned *rates) {
  rates[0] = 37;
  rates[1] = 10;
  return faulty("no use") ? NOT_SUPPORTED : SUCCESS;
}
