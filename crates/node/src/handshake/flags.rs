//! What this side of a connection can do, as the bits of the handshake.

/// Extended references, of three words.
const EXTENDED_REFERENCES: u64 = 0x4;
/// Monitors between nodes.
const DIST_MONITOR: u64 = 0x8;
/// The same by name. Without it a monitor of a name here is never answered.
const DIST_MONITOR_NAME: u64 = 0x20;
const FUN_TAGS: u64 = 0x10;
const NEW_FUN_TAGS: u64 = 0x80;
const EXTENDED_PIDS_PORTS: u64 = 0x100;
const EXPORT_PTR_TAG: u64 = 0x200;
const BIT_BINARIES: u64 = 0x400;
const NEW_FLOATS: u64 = 0x800;
const UTF8_ATOMS: u64 = 0x1_0000;
const MAP_TAG: u64 = 0x2_0000;
const BIG_CREATION: u64 = 0x4_0000;
const HANDSHAKE_23: u64 = 0x100_0000;
/// The link protocol that OTP 26 demands.
const UNLINK_ID: u64 = 0x200_0000;
/// Starting a process by a message of its own.
const SPAWN: u64 = 1 << 32;
/// Larger pids, ports and references, which OTP 26 demands.
const V4_NC: u64 = 1 << 34;
/// All that OTP 25 demands, in one bit; OTP 27 and later look at this one.
const MANDATORY_25_DIGEST: u64 = 1 << 36;

/// What we say of ourselves. `DFLAG_PUBLISHED` is not among it, so that we are a hidden node and no part
/// of the cluster; nor are the atom cache and fragments, so that every packet stands for itself.
pub(super) const OURS: u64 = EXTENDED_REFERENCES
    | DIST_MONITOR
    | DIST_MONITOR_NAME
    | FUN_TAGS
    | NEW_FUN_TAGS
    | EXTENDED_PIDS_PORTS
    | EXPORT_PTR_TAG
    | BIT_BINARIES
    | NEW_FLOATS
    | UTF8_ATOMS
    | MAP_TAG
    | BIG_CREATION
    | HANDSHAKE_23
    | UNLINK_ID
    | SPAWN
    | V4_NC
    | MANDATORY_25_DIGEST;

/// What a node needs for us: it starts processes for us, and speaks this handshake.
pub(super) const NEEDED: u64 = HANDSHAKE_23 | SPAWN;
