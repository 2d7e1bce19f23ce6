// @ts-check
// What `npm start` does: install and build what changed, then run the command.
import '../bin/check_node.js'
import { createRequire } from 'node:module'
import { ensureInstalled } from './install.mjs'

try {
  ensureInstalled()
  const { ensureBuilt } = await import('./build.mjs')
  await ensureBuilt()
} catch (error) {
  console.error(`ksight: cannot start: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
// The same process, so that signals, the terminal and the exit code are the command's own.
createRequire(import.meta.url)('../bin/ksight')
