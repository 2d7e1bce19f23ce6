import { type EncodedType, info } from './encode.js'

const SIGNED = 1 << 24
const CHAR = 2 << 24
const BOOL = 4 << 24

/** Every kind of type, with what real kernels seldom or never have of it. */
export const EVERY_KIND: readonly EncodedType[] = [
  ['int', info(1), 4, SIGNED | 32], // 1
  ['char', info(1), 1, CHAR | 8], // 2
  ['_Bool', info(1), 1, BOOL | 8], // 3
  ['unsigned __int128', info(1), 16, 128], // 4
  ['', info(2), 0], // 5: void *
  ['', info(3), 0, 2, 1, 0], // 6: char[0]
  ['', info(3), 0, 2, 1, 16], // 7: char[16]
  [
    'bits',
    info(4, 4, true),
    4,
    'a',
    1,
    3 << 24,
    '',
    1,
    (5 << 24) | 3,
    'b',
    1,
    (1 << 24) | 31,
    'c',
    2,
    8,
  ],
  ['either', info(5, 2), 16, 'number', 4, 0, 'text', 7, 0], // 9
  ['outer', info(4, 3), 36, 'first', 1, 0, '', 9, 32, '', 8, 160], // 10
  ['colour', info(6, 2, true), 4, 'NONE', -1, 'RED', 1], // 11
  ['state', info(6, 1), 4, 'HUGE', 0xffffffff], // 12
  ['missing', info(7), 0], // 13
  ['neither', info(7, 0, true), 0], // 14
  ['int_t', info(8), 1], // 15
  ['', info(9), 15], // 16
  ['', info(10), 16], // 17
  ['', info(11), 5], // 18
  ['', info(13, 2), 1, 'format', 18, '', 0], // 19: int (const char *, ...)
  ['print', info(12, 1), 19], // 20
  ['hidden', info(12, 0), 19], // 21
  ['elsewhere', info(12, 2), 19], // 22
  ['counter', info(14), 17, 1], // 23
  ['external', info(14), 1, 2], // 24
  ['.data', info(15, 2), 24, 23, 0, 4, 24, 16, 4], // 25
  ['double', info(16), 8], // 26
  ['whole', info(17), 10, -1], // 27
  ['part', info(17), 10, 1], // 28
  ['parameter', info(17), 20, 0], // 29
  ['user', info(18), 1], // 30
  ['', info(2), 30], // 31
  ['wide', info(19, 2), 8, 'ALL', 0xffffffff, 0xffffffff, 'TOP', 0, 0x80000000], // 32
  ['deep', info(19, 1, true), 8, 'BELOW', 0xfffffffe, 0xffffffff], // 33
  ['', info(13), 0], // 34: void (void)
  ['empty', info(4), 0], // 35
]
