// Reads pages of 4 KiB, and writes each as its length (4 bytes) and its data, compressed with the
// library that the argument names.
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#define PAGE_SIZE 4096

static uint32_t compress(const char *library, const unsigned char *page, unsigned char *out,
                         size_t room) {
  static unsigned char work[LZO1X_1_MEM_COMPRESS];
  size_t size = room;
  if (strcmp(library, "lzo") == 0) {
    lzo_uint length = 0;
    lzo1x_1_compress(page, PAGE_SIZE, out, &length, work);
    return length;
  }
  if (strcmp(library, "snappy") == 0) {
    snappy_compress((const char *)page, PAGE_SIZE, (char *)out, &size);
    return size;
  }
  return ZSTD_compress(out, room, page, PAGE_SIZE, 3);
}

int main(int argc, char **argv) {
  static unsigned char page[PAGE_SIZE], out[2 * PAGE_SIZE];
  if (argc != 2 || lzo_init() != LZO_E_OK) return 1;
  while (fread(page, PAGE_SIZE, 1, stdin) == 1) {
    uint32_t size = compress(argv[1], page, out, sizeof out);
    fwrite(&size, sizeof size, 1, stdout);
    fwrite(out, size, 1, stdout);
  }
  return 0;
}
