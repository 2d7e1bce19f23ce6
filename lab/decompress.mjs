// @ts-check
import { spawn } from 'node:child_process'
import { gunzipSync } from 'node:zlib'

export const GZIP_MAGIC = 0x8b1f
const XZ_MAGIC = 0x587a37fd
const ZSTD_MAGIC = 0xfd2fb528

/**
 * Unpacks what is compressed in one of the kernel's usual ways, told by its first bytes.
 * @param {Buffer} bytes
 * @returns {Promise<Buffer>}
 */
export async function decompress(bytes) {
  const magic = bytes.readUInt32LE(0)
  if (magic === XZ_MAGIC) return pipe('xz', ['-dc'], bytes)
  if (magic === ZSTD_MAGIC) return pipe('zstd', ['-dcq'], bytes)
  if ((magic & 0xffff) === GZIP_MAGIC) return gunzipSync(bytes)
  throw new Error(`unknown compression, magic ${magic.toString(16)}`)
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Buffer} input
 * @returns {Promise<Buffer>}
 */
function pipe(command, args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    /** @type {Buffer[]} */
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output))
      else reject(new Error(`${command} ended with ${code}`))
    })
    // A decompressor that stops reading early is no error; its exit status says what is.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
