/* The one program of the containers: makes one situation, then the file /tmp/ready, and waits. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define IO_URING_SETUP 425

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void up(int any)
{
	struct ifreq device = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	must(ioctl(any, SIOCSIFFLAGS, &device), "lo");
}

static void connected(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	up(listener);
	must(bind(listener, (void *)&address, size), "bind");
	must(listen(listener, 1), "listen");
	must(getsockname(listener, (void *)&address, &size), "getsockname");
	must(connect(client, (void *)&address, size), "connect");
	must(accept(listener, NULL, NULL), "accept");
}

static void outside(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int client = socket(AF_UNIX, SOCK_DGRAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	must(connect(client, (void *)&address, sizeof(address)), "connect");
}

static void linked(void)
{
	must(open("/tmp/gone", O_RDWR | O_CREAT, 0600), "open");
	must(link("/tmp/gone", "/tmp/kept"), "link");
	must(unlink("/tmp/gone"), "unlink");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "plain";
	char ring[120] = { 0 };

	if (!strcmp(name, "lock"))
		must(flock(open("/tmp/locked", O_RDWR | O_CREAT, 0600), LOCK_EX), "flock");
	else if (!strcmp(name, "connected"))
		connected();
	else if (!strcmp(name, "deleted"))
		must(open("/tmp/gone", O_RDWR | O_CREAT, 0600), "open"), must(unlink("/tmp/gone"), "unlink");
	else if (!strcmp(name, "linked"))
		linked();
	else if (!strcmp(name, "outside"))
		outside(argv[2]);
	else if (!strcmp(name, "ring"))
		must(syscall(IO_URING_SETUP, 4, ring), "io_uring_setup");
	else if (!strcmp(name, "file"))
		must(open(argv[2], O_RDWR | O_CREAT, 0600), "open");
	else if (strcmp(name, "plain"))
		return 2;
	must(open("/tmp/ready", O_WRONLY | O_CREAT, 0600), "ready");
	for (;;)
		pause();
}
