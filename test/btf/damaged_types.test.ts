import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { describeType } from '../../src/btf/c/describe_type.js'
import { printHeader } from '../../src/btf/c/header.js'
import { printType } from '../../src/btf/c/print_type.js'
import { typeName } from '../../src/btf/c/type_name.js'
import { printDts } from '../../src/btf/dts/print_dts.js'
import { FormatError, KsightError } from '../../src/errors.js'
import { btfBytes, type WrittenType } from '../support/btf_bytes.js'
import { run, scratchFile } from '../support/btf_kernels.js'
import { canMakeTrickyBtf, trickyBtf } from '../support/btf_tricky.js'
import { hasTools } from '../support/tools.js'

const INT = 1
const PTR = 2
const ARRAY = 3
const STRUCT = 4
const UNION = 5
const ENUM = 6
const TYPEDEF = 8
const CONST = 10
const FUNC = 12
const FUNC_PROTO = 13
const VAR = 14

type Member = readonly [name: string, type: number, bitOffset: number]

const struct = (name: string, size: number, ...members: readonly Member[]): WrittenType => ({
  kind: STRUCT,
  name,
  vlen: members.length,
  sizeOrType: size,
  rest: members.flat(),
})
const union = (name: string, size: number, ...members: readonly Member[]): WrittenType => ({
  ...struct(name, size, ...members),
  kind: UNION,
})
const int: WrittenType = { kind: INT, name: 'int', sizeOrType: 4, rest: [0x01000020] }
const typedef = (name: string, type: number) => ({ kind: TYPEDEF, name, sizeOrType: type })
const pointer = (type: number) => ({ kind: PTR, sizeOrType: type })
const array = (type: number, length: number) => ({ kind: ARRAY, rest: [type, 1, length] })
const proto = (returns: number, ...params: number[]): WrittenType => ({
  kind: FUNC_PROTO,
  sizeOrType: returns,
  vlen: params.length,
  rest: params.flatMap((type) => ['', type]),
})
const many = (count: number, make: (i: number) => WrittenType) =>
  Array.from({ length: count }, (_, i) => make(i))

/** Every printer, on every type; the text, or the error that each ends with. */
function printAll(btf: Btf): { text: string[]; errors: unknown[] } {
  const text: string[] = []
  const errors: unknown[] = []
  const attempt = (print: () => string) => {
    try {
      text.push(print())
    } catch (error) {
      errors.push(error)
    }
  }
  attempt(() => [...printHeader(btf)].join(''))
  attempt(() => [...printDts(btf, 'a kernel')].join(''))
  for (let id = 0; id < btf.count; id++) {
    attempt(() => printType(btf, btf.type(id)))
    attempt(() => JSON.stringify(describeType(btf, btf.type(id)), (_, value) => `${value}`))
  }
  return { text, errors }
}

const ENDLESS: Record<string, WrittenType[]> = {
  'a typedef of itself': [typedef('t', 1)],
  'typedefs in a circle': [typedef('a', 2), typedef('b', 1)],
  'a pointer to itself': [pointer(1), struct('s', 8, ['p', 1, 0])],
  'a const of itself': [{ kind: CONST, sizeOrType: 1 }, struct('s', 8, ['p', 1, 0])],
  'an array of itself': [array(1, 2), struct('s', 8, ['a', 1, 0])],
  'an array of const arrays of itself': [
    array(2, 2),
    { kind: CONST, sizeOrType: 1 },
    struct('s', 8, ['a', 1, 0]),
  ],
  'a struct that holds itself': [struct('s', 8, ['s', 1, 0])],
  'an anonymous struct that holds itself': [struct('', 8, ['', 1, 0]), struct('s', 8, ['', 1, 0])],
  'an anonymous struct that points to itself': [
    struct('', 8, ['p', 2, 0]),
    pointer(1),
    struct('s', 8, ['a', 1, 0]),
  ],
  'a function that takes itself': [proto(0, 1, 1, 1), typedef('f', 1)],
  'a function that takes pointers to itself': [proto(0, 2, 2, 2), pointer(1), typedef('f', 2)],
  'a function that is its own prototype': [
    { kind: FUNC, name: 'f', sizeOrType: 1 },
    typedef('t', 1),
  ],
  'a variable of its own type': [
    { kind: VAR, name: 'v', sizeOrType: 1, rest: [0] },
    typedef('t', 1),
  ],
  'twenty thousand pointers deep': [
    ...many(20_000, (i) => pointer(i + 2)),
    int,
    struct('s', 8, ['p', 1, 0]),
  ],
  'twenty thousand structs deep': [
    ...many(20_000, (i) => struct(`s${i}`, 4, ['s', i + 2, 0])),
    int,
  ],
  'anonymous unions that double at each level': [
    ...many(17, (i) => union('', 4, ['', i + 2, 0], ['', i + 2, 0])),
    int,
    struct('s', 4, ['', 1, 0]),
  ],
  'named members of unions that double at each level': [
    ...many(17, (i) => union('', 4, ['a', i + 2, 0], ['b', i + 2, 0])),
    int,
    struct('s', 4, ['', 1, 0]),
  ],
  'functions whose parameters double at each level': [
    ...many(60, (i) => (i % 2 === 0 ? pointer(i + 2) : proto(0, i + 2, i + 2))),
    typedef('t', 1),
  ],
}

test.each(Object.entries(ENDLESS))('%s', (_what, types) => {
  const { text, errors } = printAll(new Btf(btfBytes(types)))
  expect(errors.filter((error) => !(error instanceof FormatError))).toEqual([])
  expect(errors).not.toEqual([])
  expect(text.reduce((longest, { length }) => Math.max(longest, length), 0)).toBeLessThan(
    128 * 1024 * 1024,
  )
})

test('a type that cannot be written does not spoil the next one', () => {
  const btf = new Btf(btfBytes([pointer(2), { kind: CONST, sizeOrType: 1 }, int, pointer(3)]))
  expect(() => typeName(btf, 1)).toThrow(FormatError)
  expect(typeName(btf, 4)).toBe('int *')
})

test.each([
  [
    'a hole of four gigabytes',
    [int, struct('s', 2 ** 32 - 4, ['a', 1, 0], ['b', 1, 2 ** 32 - 64])],
  ],
  ['an array of too many elements', [int, array(1, 2 ** 32 - 1), struct('s', 4, ['a', 2, 0])]],
  ['members that overlap', [int, struct('s', 4, ['a', 1, 0], ['b', 1, 8])]],
  ['a member behind the end', [int, struct('s', 4, ['a', 1, 64])]],
])('%s', (_what, types) => {
  const { text, errors } = printAll(new Btf(btfBytes(types)))
  expect(errors).toEqual([])
  expectToCompile(text[0]!)
})

test.each([
  ['a member of no type', [struct('s', 4, ['a', 77, 0])]],
  ['an int of three bytes', [{ ...int, name: 'i', sizeOrType: 3 }, struct('s', 4, ['a', 1, 0])]],
  [
    'an enum of three bytes',
    [{ kind: ENUM, name: 'e', sizeOrType: 3 }, struct('s', 4, ['a', 1, 0])],
  ],
])('%s', (_what, types) => {
  const { errors } = printAll(new Btf(btfBytes(types)))
  expect(errors).not.toEqual([])
  expect(errors.filter((error) => !(error instanceof FormatError))).toEqual([])
})

test('no name breaks out of its place', () => {
  const evil = '*/ }; int main(void) { \x1b[2J\u009b'
  const types = [int, struct(evil, 4, [evil, 1, 0]), typedef(evil, 2), array(3, 2)]
  const { text, errors } = printAll(new Btf(btfBytes(types)))
  expect(errors).toEqual([])
  const [header = '', dts = '', ...rest] = text
  expectToCompile(header)
  const printed = rest.filter((_, i) => i % 2 === 0).join('')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  expect(header + dts + printed).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\u00ff]/)
  expect(header + printed).not.toContain('main(')
})

function expectToCompile(header: string): void {
  const file = scratchFile('damaged.h', header)
  if (hasTools('gcc')) expect(run('gcc', '-Wall', '-Werror', '-fsyntax-only', file)).toBe('')
}

/** A few bytes of `original` set to other values. */
function damaged(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = Uint8Array.from(original)
    for (const [at, value] of changes) bytes[at] = value
    return bytes
  })
}

function expectNoCrash(make: () => Btf): void {
  let btf: Btf
  try {
    btf = make()
  } catch (error) {
    expect(error).toBeInstanceOf(KsightError)
    return
  }
  for (const error of printAll(btf).errors) expect(error).toBeInstanceOf(KsightError)
}

test.skipIf(!canMakeTrickyBtf)('a changed byte gives errors or text, and nothing else', () => {
  const bytes = damaged(trickyBtf())
  fc.assert(
    fc.property(bytes, (blob) => expectNoCrash(() => new Btf(blob))),
    { numRuns: 500 },
  )
})
