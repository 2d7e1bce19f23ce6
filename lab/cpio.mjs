// @ts-check

const DIRECTORY = 0o040755
const EXECUTABLE = 0o100755

/**
 * A cpio archive in the format that the kernel unpacks ("newc", see
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 * @param {ReadonlyMap<string, Uint8Array | undefined>} files by path; undefined makes a directory
 */
export function cpio(files) {
  const entries = [...files].map(([path, bytes], i) => {
    return entry(path, bytes ?? new Uint8Array(0), bytes ? EXECUTABLE : DIRECTORY, i + 1)
  })
  return Buffer.concat([...entries, entry('TRAILER!!!', new Uint8Array(0), 0, 0)])
}

/**
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {number} mode
 * @param {number} inode
 */
function entry(path, bytes, mode, inode) {
  const name = Buffer.from(`${path}\0`)
  const links = 1
  const numbers = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, 0, 0, name.length, 0]
  const header = numbers.map((number) => number.toString(16).padStart(8, '0')).join('')
  return Buffer.concat([padded([Buffer.from(`070701${header}`), name]), padded([bytes])])
}

/**
 * Headers and contents end at a multiple of 4 bytes.
 * @param {Uint8Array[]} parts
 */
function padded(parts) {
  const bytes = Buffer.concat(parts)
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
