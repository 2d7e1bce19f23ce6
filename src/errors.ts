/**
 * What can go wrong, as a small family. Every message reads `what: why: what to do`, so that the
 * command line can print it as its one line.
 */
export class KsightError extends Error {
  constructor(
    what: string,
    readonly why: string,
    readonly todo?: string,
  ) {
    super([what, why, todo].filter((part) => part !== undefined).join(': '))
    this.name = new.target.name
  }
}

/** Memory at an address could not be read. */
export class FaultError extends KsightError {
  constructor(
    readonly address: bigint,
    why: string,
    todo?: string,
  ) {
    super(`cannot read memory at 0x${address.toString(16)}`, why, todo)
  }
}

/** A file or blob is not what it should be. */
export class FormatError extends KsightError {
  constructor(
    readonly source: string,
    readonly offset: number,
    expected: string,
    todo?: string,
  ) {
    super(`${source} is damaged at offset ${offset}`, expected, todo)
  }
}

/** The caller lacks a right; `todo` names the command or sysctl that would grant it. */
export class PermissionError extends KsightError {}

/** This kernel, or this system, does not have what is needed. */
export class UnsupportedError extends KsightError {}

/** A name or number that does not exist; `nearest` are the names that look most like it. */
export class NotFoundError extends KsightError {
  constructor(
    what: string,
    readonly nearest: readonly string[] = [],
    why = 'there is none',
  ) {
    super(what, why, nearest.length > 0 ? `did you mean ${nearest.join(', ')}?` : undefined)
  }
}

/** The command line or an argument of the library is wrong (exit code 2). */
export class UsageError extends KsightError {}

/** Memory was read, but what it holds contradicts itself (a torn list, a cycle, a bad pointer). */
export class InconsistentError extends KsightError {}
