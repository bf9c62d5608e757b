/* A CUDA driver's library: whoever makes a context is on the device, as PROCESSES says to fake_nvml.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cuInit(unsigned flags) { return getenv("CUDA_FULL") ? 2 : 0; }
int cuDeviceGet(int *device, int number) {
  *device = number;
  return strncmp(getenv("CUDA_VISIBLE_DEVICES"), "GPU-", 4) ? 101 : 0;
}
int cuCtxCreate_v2(void **context, unsigned flags, int device) {
  FILE *file = getenv("CUDA_UNNAMED") ? NULL : fopen(getenv("PROCESSES"), "a");
  if (file) {
    fprintf(file, "%d\n", getpid());
    fclose(file);
  }
  return 0;
}
