import { UnsupportedError } from '../../errors.js'
import type { Btf } from '../btf.js'
import type { RawTypes } from '../raw.js'
import { HeaderNames } from './header_names.js'
import { HeaderOrder } from './header_order.js'
import { HeaderText } from './header_text.js'
import { ascii, MAX_TEXT, textOf, tooMuchText } from './text_buffer.js'

const CHUNK_SIZE = 1 << 16

const TOP = ascii(`\
/* The types of a Linux kernel, made from its BTF by ksight. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

`)
const BOTTOM = ascii('#endif\n')

/**
 * All types as one C header, in pieces of about 64 KiB of ASCII. See {@link printHeader}; this is
 * the same without the cost of strings.
 */
export function* headerChunks(btf: Btf): Generator<Uint8Array> {
  if (btf.pointerSize !== 8) {
    throw new UnsupportedError('no C header can be made', 'the types are those of a 32-bit kernel')
  }
  const types = btf.raw()
  let length = 0
  for (const chunk of pieces(types)) {
    length += chunk.length
    if (length > MAX_TEXT) throw tooMuchText(types.source)
    yield chunk
  }
}

function* pieces(types: RawTypes): Generator<Uint8Array> {
  const names = new HeaderNames(types)
  const text = new HeaderText(types, names)
  const order = new HeaderOrder(types, names, text)
  const { out } = text
  out.literal(TOP)
  for (const id of names.definitions) {
    order.visit(id)
    if (out.length >= CHUNK_SIZE) yield out.take()
  }
  for (const id of names.definitions) {
    text.leftOverEnum(id)
    if (out.length >= CHUNK_SIZE) yield out.take()
  }
  out.literal(BOTTOM)
  yield out.take()
}

/**
 * All types of a kernel as one C header, as `bpftool btf dump … format c` makes it: in an order in
 * which each is declared before its use, with the padding and `packed` that give every member its
 * offset. It compiles with GCC and Clang, for 64-bit kernels. Functions and variables are left out.
 *
 * A name that is taken gets a number: the second struct `foo`, in order of ids, is `foo___2`.
 * Padding is called `___hole1`, `___hole2`, …; a struct that C cannot lay out (its members overlap)
 * is declared as its bytes. Throws {@link FormatError} for types that contain themselves.
 */
export function* printHeader(btf: Btf): Generator<string> {
  for (const chunk of headerChunks(btf)) yield textOf(chunk)
}
