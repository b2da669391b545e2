"""What a process that holds keys gives up for good: the network, programs, other people's files.

    syscalls     the kernel's calls by number, and what machines we know them of
    namespaces   a view of its own: no network interface, no file but those it needs
    landlock     of those files, which may be read and which be written
    seccomp      no socket but unix ones, no other program, no look into other processes
    layers       all three, one after the other, and what came of each

None can be taken back. Where the kernel lacks one, the others hold, and it is told. Written
here because the bindings there are need libseccomp or have no release: docs/decisions/0009.
"""
