//! Sharing a socket with a group, as go-plugin's `PLUGIN_UNIX_SOCKET_GROUP` asks for.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::NetError;

/// Gives the socket at `path` to `group` (a name or a number) and lets the group connect.
pub(super) fn share(path: &Path, group: &str) -> Result<(), NetError> {
    give(path, group, 0o660).map_err(|source| NetError::Group {
        group: group.to_owned(),
        source,
    })
}

/// Gives a directory for sockets to `group` and lets the group make sockets in it.
pub(crate) fn share_dir(dir: &Path, group: &str) -> io::Result<()> {
    give(dir, group, 0o770)
}

fn give(path: &Path, group: &str, mode: u32) -> io::Result<()> {
    let gid = match group.parse::<u32>() {
        Ok(gid) => gid,
        Err(_) => gid_of(group)?,
    };
    std::os::unix::fs::chown(path, None, Some(gid))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Looks a group's name up in the group file.
///
/// Groups from network directories are not seen; their number works.
fn gid_of(name: &str) -> io::Result<u32> {
    let groups = std::fs::read_to_string("/etc/group")?;
    find(&groups, name)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such group in /etc/group"))
}

fn find(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        let groups = "root:x:0:\nvault-x:x:7:\nvault:x:1001:alice,bob\nbroken\n";
        assert_eq!(find(groups, "vault"), Some(1001));
        assert_eq!(find(groups, "root"), Some(0));
        assert_eq!(find(groups, "vaul"), None);
        assert_eq!(find(groups, "broken"), None);
    }
}
