import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'rolldown'

/**
 * Bundles a TypeScript program, so that a guest, which is slow, need not transform it.
 * @returns the path of the program, in a folder of its own
 */
export async function bundleProgram(source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ksight-guest-'))
  const file = join(folder, 'program.mjs')
  // Native code is found by its place in node_modules.
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  await build({
    input: source,
    platform: 'node',
    transform: { target: 'node20.19' },
    output: { file },
  })
  return file
}
