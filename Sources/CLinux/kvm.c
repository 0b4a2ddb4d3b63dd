#include "qkvm.h"

#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int qkvm_api_version(int kvm) {
    return ioctl(kvm, KVM_GET_API_VERSION, 0);
}

int qkvm_can_create_vm(int kvm) {
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0) return -1;
    close(vm);
    return 0;
}

int qkvm_supported_cpuid(int kvm, uint32_t leaf, uint32_t *ecx, uint32_t *edx) {
#if defined(__x86_64__) || defined(__i386__)
    // More entries than any processor offers; the call fails with E2BIG where they do not fit.
    enum { entries = 512 };
    struct kvm_cpuid2 *table =
        calloc(1, sizeof *table + entries * sizeof(struct kvm_cpuid_entry2));
    if (!table) return -1;
    table->nent = entries;
    int result = -1;
    if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, table) == 0) {
        for (uint32_t i = 0; i < table->nent && i < entries; i++) {
            if (table->entries[i].function != leaf) continue;
            *ecx = table->entries[i].ecx;
            *edx = table->entries[i].edx;
            result = 0;
            break;
        }
    }
    free(table);
    return result;
#else
    (void)kvm; (void)leaf; (void)ecx; (void)edx;
    return -1;
#endif
}
