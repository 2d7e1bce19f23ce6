/* Writes messages as Linux 3.11 to 5.9 keeps them, into a small buffer that fills up several times.
 * Prints the buffer's variables and messages as text, and then the buffer itself. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct printk_log {
	uint64_t ts_nsec;
	uint16_t len;
	uint16_t text_len;
	uint16_t dict_len;
	uint8_t facility;
	uint8_t flags : 5;
	uint8_t level : 3;
	uint32_t caller_id;
} __attribute__((packed, aligned(4)));

static char log_buf[1024] __attribute__((aligned(8)));
static uint32_t first, next;
static uint64_t first_seq, next_seq;

static struct printk_log *at(uint32_t index)
{
	return (struct printk_log *)(log_buf + index);
}

/* The index of the message behind one; a length of 0 says that it is at the start. */
static uint32_t behind(uint32_t index)
{
	return at(index)->len ? index + at(index)->len : at(0)->len;
}

static uint32_t really(uint32_t index)
{
	return at(index)->len ? index : 0;
}

/* A header always stays free, for the one that says that the log goes on at the start. */
static int has_room(uint32_t size, int empty)
{
	uint32_t at_end = sizeof(log_buf) - next;
	uint32_t free = next > first || empty ? (at_end > first ? at_end : first) : first - next;

	return free >= size + sizeof(struct printk_log);
}

static void store(const char *text, const char *dict, size_t dict_len, int level, int facility)
{
	uint32_t size = sizeof(struct printk_log) + strlen(text) + dict_len;

	size = (size + 3) & ~3u;
	while (first_seq < next_seq && !has_room(size, 0)) {
		first = behind(first);
		first_seq++;
	}
	if (next + size + sizeof(struct printk_log) > sizeof(log_buf)) {
		memset(at(next), 0, sizeof(struct printk_log));
		next = 0;
	}
	*at(next) = (struct printk_log){
		.ts_nsec = next_seq * 1000001,
		.len = size,
		.text_len = strlen(text),
		.dict_len = dict_len,
		.facility = facility,
		.flags = 2,
		.level = level,
		.caller_id = next_seq % 2 ? 0x80000003 : 4711,
	};
	memcpy(at(next) + 1, text, strlen(text));
	memcpy((char *)(at(next) + 1) + strlen(text), dict, dict_len);
	next += size;
	next_seq++;
}

int main(void)
{
	static const char dict[] = "SUBSYSTEM=pci\0DEVICE=+pci:0000:00:1f.2";
	char text[100];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "message %d%.*s", i, i % 50, "__________________________________________________");
		store(text, dict, i % 3 ? 0 : sizeof(dict) - 1, i % 8, i % 24);
	}
	printf("%u %u %llu %llu\n", first, really(next), (unsigned long long)first_seq, (unsigned long long)next_seq);
	fwrite(log_buf, sizeof(log_buf), 1, stdout);
	return 0;
}
