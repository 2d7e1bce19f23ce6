// @ts-check
// ksight and its peers side by side: `npm run bench`, or `npm run bench -- NAME…` for some cases.
import '../bin/check_node.js'
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../scripts/build.mjs'
import { ensureInstalled } from '../scripts/install.mjs'
import { compare, isInstalled } from './compare.mjs'
import { asTable } from './report.mjs'

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '15' } },
  allowPositionals: true,
})
process.env.PATH += ':/usr/sbin:/sbin'
process.on('SIGINT', () => process.exit(130))

ensureInstalled()
await ensureBuilt()
for (const file of readdirSync(new URL('cases/', import.meta.url)).sort()) {
  const name = file.replace('.mjs', '')
  if (positionals.length > 0 && !positionals.includes(name)) continue
  try {
    await runCase(await import(`./cases/${file}`))
  } catch (error) {
    console.log(`cannot be measured: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}

/** @param {{ default: import('./compare.mjs').Case }} module */
async function runCase({ default: { title, contenders, prepare } }) {
  console.log(`\n${title}`)
  const present = contenders.filter(isInstalled)
  for (const contender of contenders) {
    if (!present.includes(contender)) console.log(`${contender.name}: not on this machine`)
  }
  const undo = await prepare?.()
  try {
    console.log(asTable(compare(present, Number(values.runs))))
  } finally {
    await undo?.()
  }
}
