import { UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { ObjectSpace } from '../object/space.js'
import type { Kernel } from './kernel.js'
import type { LogRecord, OnLost } from './log_record.js'
import { PrintkRingbuffer } from './printk_ringbuffer.js'
import { variableAddress } from './variable.js'

/**
 * Every message that the kernel log still holds, the oldest first, those that `dmesg --clear` hides
 * included: see {@link logClearSeq}. A message that is there and cannot be shown is told to `onLost`.
 * Throws {@link UnsupportedError} and {@link InconsistentError} where there is no log to be shown.
 */
export function* forEachLogRecord(kernel: Kernel, onLost: OnLost = () => {}): Generator<LogRecord> {
  // The log of a running kernel moves: nothing of it may be remembered.
  const space = new ObjectSpace(kernel.types, kernel.uncached)
  const prb = variableAddress(kernel, 'prb')
  if (prb === undefined) throw notFound(kernel)
  const ring = space.at('printk_ringbuffer', readPointer(space, prb))
  yield* new PrintkRingbuffer(ring, onLost).records()
}

/**
 * The `seq` of the first message that `dmesg` shows: `dmesg --clear` hides what is older. Since Linux
 * 5.11 (b4afab9b2a5d) the variable `clear_seq` is a latch: a count of its changes, of which the lowest bit says
 * which of the two values behind it is not being changed.
 */
export function logClearSeq(kernel: Kernel): bigint {
  const address = variableAddress(kernel, 'clear_seq')
  if (address === undefined) return 0n
  const space = new ObjectSpace(kernel.types, kernel.uncached)
  if (space.btf.find('latched_seq', 'struct') === undefined) return read64(space, address)
  const { latch, val } = space.at('latched_seq', address)
  const { sequence } = latch.seqcount ?? latch
  return val[sequence & 1]
}

function readPointer({ btf, memory }: ObjectSpace, address: bigint): bigint {
  const data = new DataView(readBytes(memory, address, btf.pointerSize).buffer)
  if (btf.pointerSize === 4) return BigInt(data.getUint32(0, btf.littleEndian))
  return data.getBigUint64(0, btf.littleEndian)
}

function read64({ btf, memory }: ObjectSpace, address: bigint): bigint {
  return new DataView(readBytes(memory, address, 8).buffer).getBigUint64(0, btf.littleEndian)
}

function notFound(kernel: Kernel): UnsupportedError {
  return new UnsupportedError(
    'cannot find the kernel log',
    `neither VMCOREINFO nor the symbols of ${kernel.source} tell where prb or log_buf is`,
  )
}
