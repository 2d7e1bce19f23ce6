import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Bundles TypeScript programs, so that a guest need not transform them.
 * @param entries paths of source files
 * @returns the folder that holds a `.mjs` file for each
 */
export async function bundlePrograms(entries: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ksight-guest-'))
  // Native code is found by its place in node_modules.
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [basename(entry, '.ts'), entry])),
    platform: 'node',
    transform: { target: 'node20.19' },
  })
  await bundle.write({
    dir: folder,
    entryFileNames: '[name].mjs',
    chunkFileNames: 'chunk-[hash].mjs',
  })
  return folder
}
