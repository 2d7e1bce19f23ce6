/** The bytes of a section with call frame information, and how they are to be read. */
export interface FrameSection {
  /** In messages, such as `.eh_frame of libc.so.6`. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Its address, as the file has it. */
  readonly address: bigint
  readonly littleEndian: boolean
  readonly addressSize: 4 | 8
}
