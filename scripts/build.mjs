// @ts-check
// Builds dist/: one bundle, split where the command line imports lazily, and the declarations.
//
// Node finds and reads each module by itself, which costs a start 0.5 ms apiece; packages cost more.
// A bundle avoids that. The library and the command share its chunks.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { filesBelow } from './files.mjs'
import { isMain } from './main_module.mjs'

const STAMP = 'dist/.sources'

/** Builds if a source changed since the last build. */
export async function ensureBuilt() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashOfSources()) return
  await build()
}

async function build() {
  const sources = hashOfSources()
  rmSync('dist', { recursive: true, force: true })
  await bundle()
  declare()
  writeFileSync(STAMP, sources)
}

async function bundle() {
  const { build } = await import('rolldown')
  await build({
    input: {
      index: 'src/index.ts',
      'cli/main': 'src/cli/main.ts',
      // Loaded only when it is needed.
      'live/open_live': 'src/live/open_live.ts',
    },
    platform: 'node',
    // Native code finds its library by its place in node_modules.
    external: ['koffi'],
    transform: { target: 'node20.19' },
    output: {
      dir: 'dist',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      sourcemap: true,
    },
  })
}

function declare() {
  const args = ['node_modules/typescript/bin/tsc', '--emitDeclarationOnly']
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error('tsc found errors')
}

function hashOfSources() {
  const hash = createHash('sha256')
  const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/build.mjs']
  for (const file of [...files, ...filesBelow('src')]) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

if (isMain(import.meta.url)) await build()
