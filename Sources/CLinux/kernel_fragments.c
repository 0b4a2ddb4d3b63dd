// C23, which clang takes for a language of its own until it is the default.
#pragma clang diagnostic ignored "-Wc23-extensions"
#include "qfragments.h"

static const unsigned char arm64[] = {
#embed "../../scripts/config/arm64.config"
};
static const unsigned char console[] = {
#embed "../../scripts/config/console.config"
};
static const unsigned char debug[] = {
#embed "../../scripts/config/debug.config"
};
static const unsigned char guest[] = {
#embed "../../scripts/config/guest.config"
};
static const unsigned char initramfs[] = {
#embed "../../scripts/config/initramfs.config"
};
static const unsigned char kasan[] = {
#embed "../../scripts/config/kasan.config"
};
static const unsigned char kunit[] = {
#embed "../../scripts/config/kunit.config"
};
static const unsigned char lockdep[] = {
#embed "../../scripts/config/lockdep.config"
};
static const unsigned char tiny[] = {
#embed "../../scripts/config/tiny.config"
};
static const unsigned char virtio[] = {
#embed "../../scripts/config/virtio.config"
};

static const struct {
	const char *name;
	const unsigned char *text;
	size_t length;
} fragments[] = {
	{ "arm64", arm64, sizeof(arm64) },
	{ "console", console, sizeof(console) },
	{ "debug", debug, sizeof(debug) },
	{ "guest", guest, sizeof(guest) },
	{ "initramfs", initramfs, sizeof(initramfs) },
	{ "kasan", kasan, sizeof(kasan) },
	{ "kunit", kunit, sizeof(kunit) },
	{ "lockdep", lockdep, sizeof(lockdep) },
	{ "tiny", tiny, sizeof(tiny) },
	{ "virtio", virtio, sizeof(virtio) },
};

static int is_there(int index)
{
	return index >= 0 && (size_t)index < sizeof(fragments) / sizeof(fragments[0]);
}

const char *q_kernel_fragment_name(int index)
{
	return is_there(index) ? fragments[index].name : NULL;
}

const unsigned char *q_kernel_fragment_text(int index, size_t *length)
{
	if (!is_there(index))
		return NULL;
	*length = fragments[index].length;
	return fragments[index].text;
}
