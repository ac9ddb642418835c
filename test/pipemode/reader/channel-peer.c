/* Another process on a channel: writes an epoch as RecordIO, or takes epochs in turn and prints their records.
   channel-peer write PIPE EPOCH RECORDS
   channel-peer read ROOT EPOCHS */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const uint32_t MAGIC = 0xced7230a;

/* In pieces of 4093 bytes, a prime number. */
static int write_all(int pipe, const uint8_t *bytes, size_t left) {
  while (left > 0) {
    ssize_t done = write(pipe, bytes, left < 4093 ? left : 4093);
    if (done < 0) return 1;
    bytes += done;
    left -= (size_t)done;
  }
  return 0;
}

static int write_epoch(const char *path, int epoch, int records) {
  int pipe = open(path, O_WRONLY);
  uint8_t *bytes = calloc((size_t)records, 1012), *at = bytes;
  if (pipe < 0 || bytes == NULL) return 1;
  for (int i = 0; i < records; i++) {
    uint32_t length = (uint32_t)((37 * i + epoch) % 1000);
    memcpy(at, &MAGIC, 4);
    memcpy(at + 4, &length, 4);
    for (uint32_t j = 0; j < length; j++) at[8 + j] = (uint8_t)(epoch + i + j);
    at += 8 + (length + 3) / 4 * 4;
  }
  return write_all(pipe, bytes, (size_t)(at - bytes));
}

static int take_epoch(const char *root) {
  char path[4096];
  int epoch = 0;
  snprintf(path, sizeof path, "%s/state/.train-pipe_mode-lock", root);
  int lock = open(path, O_WRONLY | O_CREAT, 0666);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) exit(2);
  snprintf(path, sizeof path, "%s/state/.train-pipe_mode-state", root);
  FILE *state = fopen(path, "r");
  if (state != NULL) {
    if (fscanf(state, "%d", &epoch) != 1) exit(3);
    fclose(state);
  }
  state = fopen(path, "w");
  fprintf(state, "%d", epoch + 1);
  fclose(state);
  close(lock);
  return epoch;
}

static int read_epoch(const char *root) {
  char path[4096];
  uint32_t header[2];
  static uint8_t body[1024];
  int epoch = take_epoch(root);
  printf("epoch %d\n", epoch);
  snprintf(path, sizeof path, "%s/data/train_%d", root, epoch);
  FILE *pipe = fopen(path, "rb");
  if (pipe == NULL) return 4;
  while (fread(header, 4, 2, pipe) == 2) {
    size_t padded = (header[1] + 3) / 4 * 4;
    if (header[0] != MAGIC || padded > sizeof body || fread(body, 1, padded, pipe) != padded) return 5;
    printf("record ");
    for (uint32_t j = 0; j < header[1]; j++) printf("%02x", body[j]);
    printf("\n");
  }
  fclose(pipe);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "write") == 0) return write_epoch(argv[2], atoi(argv[3]), atoi(argv[4]));
  if (argc != 4 || strcmp(argv[1], "read") != 0) return 64;
  for (int i = 0; i < atoi(argv[3]); i++) {
    int status = read_epoch(argv[2]);
    if (status != 0) return status;
  }
  return 0;
}
