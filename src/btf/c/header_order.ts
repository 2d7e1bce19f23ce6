import { MAX_DEPTH, type RawTypes } from '../raw.js'
import { isStandard } from './base_types.js'
import type { HeaderNames } from './header_names.js'

/** Receives types in an order in which C accepts them. */
export interface HeaderSink {
  /** `struct foo;` */
  forward(id: number): void
  struct(id: number): void
  enum(id: number): void
  typedef(id: number): void
  /** A typedef for an int or float that C does not know. */
  baseType(id: number): void
}

/** Known well enough that there can be pointers to it. */
const DECLARED = 1
const DECLARING = 2
/** Known well enough that there can be members of it. */
const COMPLETE = 4
const COMPLETING = 8

/**
 * Hands each type to the sink after those it needs: what a struct holds must be complete, of what
 * it points to, the name is enough.
 */
export class HeaderOrder {
  private readonly states: Uint8Array
  private depth = 0

  constructor(
    private readonly types: RawTypes,
    private readonly names: HeaderNames,
    private readonly sink: HeaderSink,
  ) {
    this.states = new Uint8Array(types.count)
  }

  /** Hands over a named type, if that has not happened. Anonymous ones come with their users. */
  visit(id: number): void {
    if (this.types.isAnonymous(id)) return
    const kind = this.types.kind(id)
    if (kind === 4 || kind === 5) this.complete(id)
    else this.declare(id)
  }

  private complete(id: number): void {
    if ((this.stateOf(id) & COMPLETE) !== 0) return
    this.enter(id, COMPLETING)
    const { types } = this
    switch (types.kind(id)) {
      case 4:
      case 5:
        this.completeStruct(id)
        break
      case 3:
        this.complete(types.words[types.at(id) + 3]!)
        break
      case 8:
        this.declare(id)
        this.complete(types.sizeOrType(id))
        break
      case 9:
      case 10:
      case 11:
      case 18:
        this.complete(types.sizeOrType(id))
        break
      default:
        this.declare(id)
    }
    this.leave(id, COMPLETING, COMPLETE | DECLARED)
  }

  private completeStruct(id: number): void {
    const { types, states } = this
    const first = types.at(id) + 4
    const end = first + types.vlen(id) * 3
    for (let word = first; word < end; word += 3) {
      const type = types.words[word]!
      if ((states[type]! & COMPLETE) !== 0) continue
      if (types.kind(type) !== 2 || types.sizeOrType(type) !== id) this.complete(type)
    }
    if (!types.isAnonymous(id)) this.sink.struct(id)
  }

  private declare(id: number): void {
    if ((this.stateOf(id) & DECLARED) !== 0) return
    const { types } = this
    const kind = types.kind(id)
    if ((kind === 4 || kind === 5) && !types.isAnonymous(id)) {
      this.sink.forward(id)
      this.states[id]! |= DECLARED
      return
    }
    this.enter(id, DECLARING)
    switch (kind) {
      case 1:
      case 16:
        if (!isStandard(types, id)) this.sink.baseType(id)
        break
      case 3:
      case 4:
      case 5:
        this.complete(id)
        break
      case 6:
      case 19:
        if (!types.isAnonymous(id)) this.sink.enum(id)
        break
      case 7:
        this.declareForward(id)
        break
      case 8:
        this.declare(types.sizeOrType(id))
        this.sink.typedef(id)
        break
      case 13:
        this.declarePrototype(id)
        break
      case 0:
      case 15:
        break
      default:
        this.declare(types.sizeOrType(id))
    }
    this.leave(id, DECLARING, DECLARED)
  }

  private declareForward(id: number): void {
    const meaning = this.names.meaningOf(id)
    if (meaning === id) this.sink.forward(id)
    else this.declare(meaning)
  }

  private declarePrototype(id: number): void {
    const { types } = this
    this.declare(types.sizeOrType(id))
    const first = types.at(id) + 4
    const end = first + types.vlen(id) * 2
    for (let word = first; word < end; word += 2) this.declare(types.words[word]!)
  }

  private stateOf(id: number): number {
    const state = this.states[id]
    if (state === undefined) throw this.types.noSuchType(id)
    return state
  }

  private enter(id: number, state: number): void {
    if ((this.states[id]! & state) !== 0 || ++this.depth > MAX_DEPTH) {
      throw this.types.damaged(id, 'it contains itself')
    }
    this.states[id]! |= state
  }

  private leave(id: number, state: number, reached: number): void {
    this.depth--
    this.states[id] = (this.states[id]! & ~state) | reached
  }
}
