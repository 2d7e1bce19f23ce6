// @ts-check
// `npm run lab`: a throw-away virtual machine for people.
import '../bin/check_node.js'
import { resolve } from 'node:path'
import { readArguments, USAGE, UsageError } from './arguments.mjs'
import { boot } from './boot.mjs'

try {
  const wanted = readArguments(process.argv.slice(2))
  if (wanted === undefined) process.stdout.write(USAGE)
  else process.exitCode = await lab(wanted)
} catch (error) {
  const hint = error instanceof UsageError ? ': --help shows what there is' : ''
  console.error(`lab: ${error instanceof Error ? error.message : error}${hint}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

/**
 * @param {NonNullable<ReturnType<typeof readArguments>>} wanted
 * @returns {Promise<number>} the exit code
 */
async function lab({ dump, format, command, ...machine }) {
  const terminal = command.length === 0
  // On a terminal the guest's kernel says less, and a crash is not the end of a line that hangs.
  const commandLine = terminal ? 'quiet panic=-1' : ''
  const vm = await boot({ ...machine, terminal, commandLine })
  try {
    return await (terminal ? shell(vm) : run(vm, command))
  } finally {
    if (dump !== undefined) await vm.dump(resolve(dump), format)
    await vm[Symbol.asyncDispose]()
  }
}

/** @param {import('./vm.mjs').Vm} vm */
function shell(vm) {
  const { rows, columns } = process.stdout
  return vm.shell(rows || 24, columns || 80)
}

/**
 * @param {import('./vm.mjs').Vm} vm
 * @param {string[]} command
 */
async function run(vm, [command = '', ...args]) {
  const { exitCode } = await vm.run(command, args, { timeout: 2 ** 31 - 1, show: true })
  return exitCode
}
