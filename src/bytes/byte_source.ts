/** The bytes of a file of any size, read where they are needed; a number tells the offset. */
export interface ByteSource {
  /** Its name in messages. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** Fills `into` with the bytes from `offset` on; gives how many there were, fewer only at the end. */
  read(offset: number, into: Uint8Array): number
}
