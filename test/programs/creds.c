/*
 * Different real, effective, saved and file system ids, unsorted groups, and a different set of
 * capabilities of each kind.
 */
#include "ready.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>

static void check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

static void set_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{
			.effective = 1 << CAP_KILL,
			.permitted = 1 << CAP_KILL | 1 << CAP_SETUID,
			.inheritable = 1 << CAP_SETUID,
		},
		{ .permitted = 1 << (CAP_SYSLOG - 32), .inheritable = 1 << (CAP_SYSLOG - 32) },
	};

	check(syscall(SYS_capset, &header, data), "capset");
	check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYSLOG, 0, 0), "ambient");
}

int main(void)
{
	gid_t groups[] = { 70000, 5, 4294967294u, 100 };

	check(prctl(PR_CAPBSET_DROP, CAP_SYS_TIME), "bounding set");
	check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NOROOT | SECBIT_NOROOT_LOCKED),
	      "securebits");
	check(setgroups(4, groups), "setgroups");
	check(setresgid(2001, 2002, 2003), "setresgid");
	setfsgid(2004);
	check(setresuid(1001, 1002, 1003), "setresuid");
	setfsuid(1004);
	set_capabilities();
	ready_and_wait();
	return 0;
}
