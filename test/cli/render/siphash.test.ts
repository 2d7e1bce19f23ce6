import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { SipHash } from '../../../src/cli/render/siphash.js'

/** The lower 32 bits of SipHash-2-4 by OpenSSL. */
function opensslHash(key: Buffer, word: Buffer): number {
  const args = ['mac', '-macopt', `hexkey:${key.toString('hex')}`, '-macopt', 'size:8', '-in', '-']
  const { stdout } = spawnSync('openssl', [...args, 'SIPHASH'], { input: word, encoding: 'utf8' })
  return Buffer.from(stdout.trim(), 'hex').readUInt32LE(0)
}

test('hashes as OpenSSL does', () => {
  for (let i = 0; i < 40; i++) {
    const key = randomBytes(16)
    const word = randomBytes(8)
    expect(new SipHash(key).hash32(word.readBigUInt64LE(0))).toBe(opensslHash(key, word))
  }
})
