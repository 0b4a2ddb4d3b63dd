// KVM's ioctls, which are macros that Swift cannot import.
#ifndef QKVM_H
#define QKVM_H

#include <stdint.h>

// KVM_GET_API_VERSION of an open /dev/kvm; -1 with errno.
int qkvm_api_version(int kvm);

// KVM_CREATE_VM, closed again at once; 0, or -1 with errno.
int qkvm_can_create_vm(int kvm);

// Registers of one leaf of KVM_GET_SUPPORTED_CPUID: 0, or -1 where the host is no x86, the call
// failed or the leaf is not offered.
int qkvm_supported_cpuid(int kvm, uint32_t leaf, uint32_t *ecx, uint32_t *edx);

#endif
