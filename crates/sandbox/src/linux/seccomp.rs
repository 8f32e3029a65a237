//! The system calls that no command needs and many an escape does. Refused ones fail with an
//! error that programs know how to take; nothing is killed for asking.
//!
//! A list of refusals and not of permissions, because what a test-suite calls is not known
//! beforehand. It is the third wall, behind namespaces without capabilities and Landlock.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Whether the internet socket families may be used: inside a private network, where only
/// loopback can be reached, yes; on the host's network, no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Private,
    Host,
}

/// The filters, to be installed in this order.
pub(super) fn programs(network: Network) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let compile = |rules: Rules, errno: i32| -> Result<BpfProgram, seccompiler::Error> {
        let action = SeccompAction::Errno(errno.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, arch)?;
        Ok(BpfProgram::try_from(filter)?)
    };
    let mut programs = vec![
        compile(refused()?, libc::EPERM)?,
        compile(absent(), libc::ENOSYS)?,
        compile(sockets(network)?, libc::EAFNOSUPPORT)?,
    ];
    if cfg!(target_arch = "x86_64") {
        programs.push(no_x32());
    }
    Ok(programs)
}

/// As the bytes that bubblewrap reads from a file descriptor.
pub(super) fn to_bytes(program: &BpfProgram) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(program.len() * 8);
    for step in program {
        bytes.extend_from_slice(&step.code.to_ne_bytes());
        bytes.extend_from_slice(&[step.jt, step.jf]);
        bytes.extend_from_slice(&step.k.to_ne_bytes());
    }
    bytes
}

/// Refused whatever the arguments.
const REFUSED: &[i64] = &[
    // Other processes' memory and descriptors.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Mounts and roots.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    OPEN_TREE_ATTR,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // Other namespaces.
    libc::SYS_setns,
    // Keyrings, which are shared by all processes of a user.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Wide parts of the kernel.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    libc::SYS_lookup_dcookie,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
];

/// Newer than the list of constants that we build against; one number on all architectures.
const OPEN_TREE_ATTR: i64 = 467;

/// Said not to exist, so that programs and libraries fall back to what can be filtered:
/// `clone3` hides its flags behind a pointer, io_uring does its work past every filter.
fn absent() -> Rules {
    [
        libc::SYS_clone3,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect()
}

fn refused() -> Result<Rules, seccompiler::Error> {
    let mut rules: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];
    let mut with_namespaces = Vec::new();
    for flag in namespaces {
        let flag = u64::from(flag.unsigned_abs());
        with_namespaces.push(rule(&[(0, Op::MaskedEq(flag), flag)])?);
    }
    rules.insert(libc::SYS_clone, with_namespaces.clone());
    let time = u64::from(CLONE_NEWTIME);
    with_namespaces.push(rule(&[(0, Op::MaskedEq(time), time)])?);
    rules.insert(libc::SYS_unshare, with_namespaces);
    // Typing for others at a terminal. The kernel looks at 32 bits of the request, and so do
    // these, or a high bit would slip past.
    let mut typing = Vec::new();
    for request in [libc::TIOCSTI, TIOCLINUX] {
        typing.push(rule(&[(1, Op::Eq, request)])?);
    }
    rules.insert(libc::SYS_ioctl, typing);
    Ok(rules)
}

const CLONE_NEWTIME: u32 = 0x80;
const TIOCLINUX: u64 = 0x541C;

/// Sockets of other families: kernel crypto, virtual machine, raw packets, and the dozens
/// that nobody has looked at in years. Netlink is for asking about interfaces only.
fn sockets(network: Network) -> Result<Rules, seccompiler::Error> {
    let mut families = vec![libc::AF_UNIX];
    if network == Network::Private {
        families.extend([libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK]);
    }
    let others: Vec<_> =
        families.iter().map(|family| (0, Op::Ne, u64::from(family.unsigned_abs()))).collect();
    let netlink = u64::from(libc::AF_NETLINK.unsigned_abs());
    let odd_netlink = [(0, Op::Eq, netlink), (2, Op::Ne, 0)];
    let socket = vec![rule(&others)?, rule(&odd_netlink)?];
    Ok(Rules::from([(libc::SYS_socket, socket)]))
}

/// A rule that matches if all its conditions on 32-bit arguments do.
fn rule(conditions: &[(u8, Op, u64)]) -> Result<SeccompRule, seccompiler::Error> {
    let conditions = conditions
        .iter()
        .map(|(arg, op, value)| SeccompCondition::new(*arg, Len::Dword, op.clone(), *value))
        .collect::<Result<_, _>>()?;
    Ok(SeccompRule::new(conditions)?)
}

/// On x86-64 a second set of call numbers, with bit 30 set, reaches the same kernel functions
/// and would pass the filters above.
fn no_x32() -> BpfProgram {
    let step = |code: u32, jt, jf, k| seccompiler::sock_filter { code: code as u16, jt, jf, k };
    let (load, jump_ge, ret) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K,
        libc::BPF_RET | libc::BPF_K,
    );
    vec![
        step(load, 0, 0, 0),
        step(jump_ge, 0, 1, 0x4000_0000),
        step(ret, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs()),
        step(ret, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_compile_and_fit_the_kernels_limit() {
        for network in [Network::Private, Network::Host] {
            for program in programs(network).unwrap() {
                assert!((1..4_096).contains(&program.len()));
                assert_eq!(to_bytes(&program).len(), program.len() * 8);
            }
        }
    }
}
