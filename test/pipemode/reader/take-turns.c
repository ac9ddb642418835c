/* Takes epochs from a channel's state file as another process would: flock(2), read, add one, write. Prints each index. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const char *lock_file = argv[1], *state_file = argv[2];
  int rounds = atoi(argv[3]);
  for (int i = 0; i < rounds; i++) {
    int index = 0, lock = open(lock_file, O_WRONLY | O_CREAT, 0666);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) return 1;
    FILE *state = fopen(state_file, "r");
    if (state == NULL || fscanf(state, "%d", &index) != 1) return 2;
    fclose(state);
    usleep(500);
    state = fopen(state_file, "w");
    fprintf(state, "%d", index + 1);
    fclose(state);
    printf("%d\n", index);
    flock(lock, LOCK_UN);
    close(lock);
  }
  return 0;
}
