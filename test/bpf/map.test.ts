import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { BPF_F_MMAPABLE, BpfMap } from '../../src/bpf/map.js'
import { SysError } from '../../src/linux/errno.js'

const bytes = (...values: number[]) => Uint8Array.from(values)

/** What bpftool says of the map with this name. */
function bpftool(name: string, ...command: string[]) {
  const output = execFileSync('bpftool', ['map', ...command, 'name', name, '-j'], {
    encoding: 'utf8',
  })
  return JSON.parse(output)
}

const hexes = (values: Uint8Array) =>
  Array.from(values, (v) => `0x${v.toString(16).padStart(2, '0')}`)

test('a hash: create, update, look up, walk, delete', () => {
  const name = `hash${process.pid}`
  using map = BpfMap.create({ type: 'hash', keySize: 2, valueSize: 3, maxEntries: 4, name })
  expect(bpftool(name, 'show')).toMatchObject({
    type: 'hash',
    name,
    bytes_key: 2,
    bytes_value: 3,
    max_entries: 4,
  })
  expect(map.nextKey()).toBeUndefined()
  map.update(bytes(1, 2), bytes(3, 4, 5))
  map.update(bytes(6, 7), bytes(8, 9, 10))
  map.update(bytes(1, 2), bytes(11, 12, 13))
  expect(map.lookup(bytes(1, 2))).toEqual(bytes(11, 12, 13))
  expect(map.lookup(bytes(9, 9))).toBeUndefined()

  const walked = []
  for (let key = map.nextKey(); key !== undefined; key = map.nextKey(key)) {
    walked.push({ key: hexes(key), value: hexes(map.lookup(key)!) })
  }
  expect(walked).toHaveLength(2)
  expect(bpftool(name, 'dump')).toEqual(walked)

  expect(map.delete(bytes(6, 7))).toBe(true)
  expect(map.delete(bytes(6, 7))).toBe(false)
  expect(bpftool(name, 'dump')).toHaveLength(1)
})

test('a mapped array shows what others write, at multiples of 8 bytes', () => {
  const name = `array${process.pid}`
  using map = BpfMap.create({
    type: 'array',
    keySize: 4,
    valueSize: 3,
    maxEntries: 1000,
    flags: BPF_F_MMAPABLE,
    name,
  })
  using mapping = map.mmap()
  expect(mapping.bytes.length).toBe(8000)
  const key = ['key', '231', '3', '0', '0']
  execFileSync('bpftool', ['map', 'update', 'name', name, ...key, 'value', '7', '8', '9'])
  expect(mapping.bytes.subarray(999 * 8, 999 * 8 + 3)).toEqual(bytes(7, 8, 9))
  mapping.bytes[0] = 42
  expect(map.lookup(bytes(0, 0, 0, 0))).toEqual(bytes(42, 0, 0))
})

test('all types that can be created are those of the kernel', () => {
  const types = { hash: 8, array: 8, stack_trace: 8, lru_hash: 8, perf_event_array: 4 } as const
  for (const [type, valueSize] of Object.entries(types)) {
    const name = `t${process.pid}${type}`.slice(0, 15)
    const options = { type: type as keyof typeof types, keySize: 4, valueSize, maxEntries: 4, name }
    using _ = BpfMap.create(options)
    expect(bpftool(name, 'show').type).toBe(type)
  }
  const name = `r${process.pid}`
  using _ = BpfMap.create({ type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096, name })
  expect(bpftool(name, 'show').type).toBe('ringbuf')
})

test('says what is wrong', () => {
  const options = { type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1, name: 'wrong' } as const
  expect(() => BpfMap.create({ ...options, maxEntries: 0 })).toThrow('bpf BPF_MAP_CREATE: EINVAL')
  expect(() => BpfMap.create({ ...options, name: 'a b' })).toThrow('bpf BPF_MAP_CREATE: EINVAL')
  using map = BpfMap.create(options)
  const key = new Uint8Array(4)
  expect(() => map.lookup(new Uint8Array(3))).toThrow('a key of this map has 4 bytes, not 3')
  expect(() => map.update(key, new Uint8Array(5))).toThrow('a value of this map has 4 bytes, not 5')
  expect(() => map.mmap()).toThrow('mmap: ENOTSUPP')
  map.update(key, key)
  expect(() => map.update(new Uint8Array(4).fill(1), key)).toThrow(SysError)
  expect(() => map.update(new Uint8Array(4).fill(1), key)).toThrow('BPF_MAP_UPDATE_ELEM: E2BIG')
  map[Symbol.dispose]()
  expect(() => map.lookup(key)).toThrow('it is closed already')
})
