// Tries to read the ranges that the arguments name (ADDRESS+LENGTH), by each way, and prints where
// that fails.
import { FaultError } from '../../../src/errors.js'
import { openKernel } from '../../../src/index.js'
import { VIAS, type Via } from '../../../src/live/open_memory.js'
import { readBytes } from '../../../src/memory/memory.js'

console.log(JSON.stringify(Object.fromEntries(VIAS.map((via) => [via, faults(via)]))))

function faults(via: Via): (string | null)[] {
  using kernel = openKernel({ via })
  return process.argv.slice(2).map((range) => {
    const [address, length] = range.split('+')
    try {
      readBytes(kernel.uncached, BigInt(address!), Number(length))
      return null
    } catch (error) {
      if (error instanceof FaultError) return `${error.address}`
      throw error
    }
  })
}
