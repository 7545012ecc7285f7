// A client as crun has it: libcriu's own calls.
//
//	client swrk PROGRAM version|features|atleast|check|dump
//	client service SOCKET …
//
// It prints one JSON object: what the call returned, errno where it failed, and what it gave.
#include <criu/criu.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int failed(int result)
{
	printf("{\"result\":%d,\"errno\":%d}\n", result, errno);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	if (criu_init_opts())
		return 1;
	int socket = !strcmp(argv[1], "service");
	if (socket)
		criu_set_service_address(argv[2]);
	else
		criu_set_service_binary(argv[2]);

	const char *what = argv[3];
	errno = 0;
	if (!strcmp(what, "features")) {
		struct criu_feature_check asked = { .mem_track = true, .lazy_pages = true, .pidfd_store = true };
		int result = criu_feature_check(&asked, sizeof(asked));
		if (result < 0)
			return failed(result);
		printf("{\"mem_track\":%s,\"lazy_pages\":%s,\"pidfd_store\":%s}\n", asked.mem_track ? "true" : "false",
		       asked.lazy_pages ? "true" : "false", asked.pidfd_store ? "true" : "false");
		return 0;
	}
	int result;
	if (!strcmp(what, "version"))
		result = criu_get_version();
	else if (!strcmp(what, "atleast"))
		result = criu_check_version(31500);
	else if (!strcmp(what, "check"))
		result = criu_check();
	else {
		criu_set_images_dir_fd(open(".", O_DIRECTORY));
		result = criu_dump();
	}
	return failed(result);
}
