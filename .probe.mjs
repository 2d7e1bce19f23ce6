import { createRequire } from "node:module";
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readlinkSync } from "node:fs";
import { constants, release } from "node:os";
import { getSystemErrorMap } from "node:util";
// src/bytes/name_index.ts
/** FNV-1a, 32 bits: the hash of no bytes, and of one byte more. */
const EMPTY_HASH = 2166136261;
const hashByte = (hash, byte) => Math.imul(hash ^ byte, 16777619);
/** The hash of a name, a byte for each of its characters. */
function hashName(name) {
	let hash = EMPTY_HASH;
	for (let i = 0; i < name.length; i++) hash = hashByte(hash, name.charCodeAt(i));
	return hash >>> 0;
}
/** A hash table from names to the positions of what bears them, as arrays of numbers. */
var NameIndex = class {
	heads;
	next;
	mask;
	/** For positions below `count`, of which those to be found are yet to be added. */
	constructor(count) {
		const slots = 2 ** Math.ceil(Math.log2(Math.max(16, count)));
		this.mask = slots - 1;
		this.heads = new Int32Array(slots).fill(-1);
		this.next = new Int32Array(count);
	}
	/** Positions are found in the opposite order of their being added. */
	add(position, hash) {
		const slot = hash & this.mask;
		this.next[position] = this.heads[slot];
		this.heads[slot] = position;
	}
	/** Positions whose name may have this hash; the caller compares the names. */
	*candidates(hash) {
		for (let i = this.heads[hash & this.mask]; i !== -1; i = this.next[i]) yield i;
	}
};
// src/bytes/nearest.ts
/** Names that differ in more places than this are not near, however long they are. */
const MOST_DIFFERENCES = 8;
/** Up to `limit` of `names` that look most like `wanted`, the best first. */
function nearestNames(wanted, names, limit = 3) {
	const worst = Math.min(Math.max(2, Math.floor(wanted.length / 3)), MOST_DIFFERENCES);
	const scores = /* @__PURE__ */ new Map();
	for (const name of names) {
		const score = likeness(wanted, name, worst);
		if (score <= worst) scores.set(name, score);
	}
	return Array.from(scores).sort(([a, scoreA], [b, scoreB]) => scoreA - scoreB || a.length - b.length).slice(0, limit).map(([name]) => name);
}
/** Edit distance, but a name that contains the other counts as near. */
function likeness(wanted, name, worst) {
	if (Math.abs(wanted.length - name.length) > worst) return wanted.length >= 4 && name.includes(wanted) ? worst : worst + 1;
	return editDistance(wanted, name, worst);
}
/** The last two rows of the table of distances between prefixes. */
let row = /* @__PURE__ */ new Uint32Array(64);
let rowAbove = /* @__PURE__ */ new Uint32Array(64);
/**
* How many characters must be added, removed or replaced to make `b` of `a`; more than `worst` if it
* is more. Only prefixes whose lengths differ by no more than that are compared.
*/
function editDistance(a, b, worst) {
	const far = worst + 1;
	if (row.length < b.length + 2) {
		row = new Uint32Array(2 * b.length + 2);
		rowAbove = new Uint32Array(row.length);
	}
	for (let j = 0; j <= b.length; j++) row[j] = j;
	for (let i = 1; i <= a.length; i++) {
		const first = Math.max(1, i - worst);
		const last = Math.min(b.length, i + worst);
		[row, rowAbove] = [rowAbove, row];
		row[first - 1] = first === 1 ? i : far;
		if (last === i + worst) rowAbove[last] = far;
		let best = far;
		for (let j = first; j <= last; j++) {
			const replaced = rowAbove[j - 1] + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
			const distance = Math.min(replaced, row[j - 1] + 1, rowAbove[j] + 1);
			row[j] = distance;
			if (distance < best) best = distance;
		}
		if (best === far) return far;
	}
	return row[b.length];
}
// src/errors.ts
/**
* What can go wrong, as a small family. Every message reads `what: why: what to do`, so that the
* command line can print it as its one line.
*/
var KsightError = class extends Error {
	why;
	todo;
	constructor(what, why, todo) {
		super([
			what,
			why,
			todo
		].filter((part) => part !== void 0).join(": "));
		this.why = why;
		this.todo = todo;
		this.name = new.target.name;
	}
};
/** Memory at an address could not be read. */
var FaultError = class extends KsightError {
	address;
	constructor(address, why, todo) {
		super(`cannot read memory at 0x${address.toString(16)}`, why, todo);
		this.address = address;
	}
};
/** A file or blob is not what it should be. */
var FormatError = class extends KsightError {
	source;
	offset;
	constructor(source, offset, expected, todo) {
		super(`${source} is damaged at offset ${offset}`, expected, todo);
		this.source = source;
		this.offset = offset;
	}
};
/** The caller lacks a right; `todo` names the command or sysctl that would grant it. */
var PermissionError = class extends KsightError {};
/** This kernel, or this system, does not have what is needed. */
var UnsupportedError = class extends KsightError {};
/** A name or number that does not exist; `nearest` are the names that look most like it. */
var NotFoundError = class extends KsightError {
	nearest;
	constructor(what, nearest = [], why = "there is none") {
		super(what, why, nearest.length > 0 ? `did you mean ${nearest.join(", ")}?` : void 0);
		this.nearest = nearest;
	}
};
/** The command line or an argument of the library is wrong (exit code 2). */
var UsageError = class extends KsightError {};
/** Memory was read, but what it holds contradicts itself (a torn list, a cycle, a bad pointer). */
var InconsistentError = class extends KsightError {};
// src/btf/scan.ts
/** 32-bit words that follow the three words of `struct btf_type`, by kind number. */
const FIXED_WORDS = Uint8Array.of(0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
/** 32-bit words that follow for each of the `vlen` entries, by kind number. */
const WORDS_PER_ENTRY = Uint8Array.of(0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3);
const LAST_KIND = WORDS_PER_ENTRY.length - 1;
const kindOf = (info) => info >>> 24 & 31;
const vlenOf = (info) => info & 65535;
const kindFlagOf = (info) => info >>> 31 === 1;
/** Finds where each type starts. */
function indexTypes(words, source, fileOffset) {
	const starts = new Uint32Array(Math.floor(words.length / 3) + 1);
	const kinds = new Uint8Array(starts.length);
	let count = 0;
	let at = 0;
	while (at < words.length) {
		const info = words[at + 1] ?? 0;
		const kind = kindOf(info);
		if (kind === 0 || kind > LAST_KIND) throw unknownKind(kind, source, fileOffset + at * 4);
		const next = at + 3 + FIXED_WORDS[kind] + WORDS_PER_ENTRY[kind] * vlenOf(info);
		if (next > words.length) throw new FormatError(source, fileOffset + at * 4, "a type runs over the end of its section");
		kinds[count] = kind;
		starts[count++] = at;
		at = next;
	}
	starts[count] = words.length;
	return {
		starts: starts.subarray(0, count + 1),
		kinds: kinds.subarray(0, count)
	};
}
function unknownKind(kind, source, offset) {
	return new FormatError(source, offset, `BTF kind ${kind} is not known`, "kinds 1 to 19 are; a newer kernel may need a newer ksight");
}
/** Whether an int type uses only some of its bits, as bit-fields in the old encoding do. */
function hasPartialInt(words, starts, kinds) {
	for (let i = kinds.indexOf(1); i !== -1; i = kinds.indexOf(1, i + 1)) {
		const at = starts[i];
		const size = words[at + 2];
		if ((words[at + 3] & 16777215) !== size * 8) return true;
	}
	return false;
}
// src/btf/decode.ts
const LINKAGES = [
	"static",
	"global",
	"extern"
];
const linkageOf = (value) => LINKAGES[value] ?? "static";
/**
* Decodes the type that starts at word `at`; `name` finds a string by its offset. Bit-fields in the
* old encoding need the int type they use; that is resolved by the caller of `members`.
*/
function decodeType(words, at, id, nameAt) {
	const info = words[at + 1];
	const word = words[at + 2];
	const vlen = vlenOf(info);
	const flag = kindFlagOf(info);
	const body = at + 3;
	const name = nameAt(words[at]);
	switch (kindOf(info)) {
		case 1: return {
			kind: "int",
			id,
			name,
			size: word,
			...decodeIntEncoding(words[body])
		};
		case 2: return {
			kind: "ptr",
			id,
			name,
			type: word
		};
		case 3: return {
			kind: "array",
			id,
			name,
			type: words[body],
			indexType: words[body + 1],
			length: words[body + 2]
		};
		case 4:
		case 5: return {
			kind: kindOf(info) === 4 ? "struct" : "union",
			id,
			name,
			size: word,
			members: decodeMembers(words, body, vlen, flag, nameAt)
		};
		case 6: return {
			kind: "enum",
			id,
			name,
			size: word,
			signed: flag,
			values: entries(vlen, (i) => {
				const value = words[body + i * 2 + 1];
				return {
					name: nameAt(words[body + i * 2]),
					value: flag ? value | 0 : value
				};
			})
		};
		case 7: return {
			kind: "fwd",
			id,
			name,
			of: flag ? "union" : "struct"
		};
		case 8: return {
			kind: "typedef",
			id,
			name,
			type: word
		};
		case 9: return {
			kind: "volatile",
			id,
			name,
			type: word
		};
		case 10: return {
			kind: "const",
			id,
			name,
			type: word
		};
		case 11: return {
			kind: "restrict",
			id,
			name,
			type: word
		};
		case 12: return {
			kind: "func",
			id,
			name,
			type: word,
			linkage: linkageOf(vlen)
		};
		case 13: {
			const params = entries(vlen, (i) => ({
				name: nameAt(words[body + i * 2]),
				type: words[body + i * 2 + 1]
			}));
			const last = params.at(-1);
			const variadic = last !== void 0 && last.name === "" && last.type === 0;
			if (variadic) params.pop();
			return {
				kind: "func_proto",
				id,
				name,
				type: word,
				params,
				variadic
			};
		}
		case 14: return {
			kind: "var",
			id,
			name,
			type: word,
			linkage: linkageOf(words[body])
		};
		case 15: return {
			kind: "datasec",
			id,
			name,
			size: word,
			vars: entries(vlen, (i) => {
				const [type, offset, size] = words.subarray(body + i * 3, body + i * 3 + 3);
				return {
					type,
					offset,
					size
				};
			})
		};
		case 16: return {
			kind: "float",
			id,
			name,
			size: word
		};
		case 17: return {
			kind: "decl_tag",
			id,
			name,
			type: word,
			component: words[body] | 0
		};
		case 18: return {
			kind: "type_tag",
			id,
			name,
			type: word
		};
		default: return {
			kind: "enum64",
			id,
			name,
			size: word,
			signed: flag,
			values: entries(vlen, (i) => {
				const [nameOffset, low, high] = words.subarray(body + i * 3, body + i * 3 + 3);
				const value = BigInt(high) << 32n | BigInt(low);
				return {
					name: nameAt(nameOffset),
					value: flag ? BigInt.asIntN(64, value) : value
				};
			})
		};
	}
}
function entries(count, entry) {
	return Array.from({ length: count }, (_, i) => entry(i));
}
/** The word behind an int: encoding in bits 24 to 27, offset in 16 to 23, bits in 0 to 7. */
function decodeIntEncoding(word) {
	const encoding = word >>> 24 & 15;
	return {
		signed: (encoding & 1) !== 0,
		char: (encoding & 2) !== 0,
		bool: (encoding & 4) !== 0,
		bits: word & 255,
		bitOffset: word >>> 16 & 255
	};
}
/**
* With the kind flag set (Linux 4.20, commit 9d5f9f701b18), the offset word holds the size of a
* bit-field in its upper 8 bits; without it, it is the offset alone, and a bit-field is told by its
* int type ({@link Btf} adds its size).
*/
function decodeMembers(words, body, vlen, flag, nameAt) {
	return entries(vlen, (i) => {
		const offset = words[body + i * 3 + 2];
		return {
			name: nameAt(words[body + i * 3]),
			type: words[body + i * 3 + 1],
			bitOffset: flag ? offset & 16777215 : offset,
			bitSize: flag ? offset >>> 24 : 0
		};
	});
}
// src/btf/header.ts
const MAGIC$1 = 60319;
const MAGIC_SWAPPED = 40939;
const HEADER_SIZE$2 = 24;
function readHeader$1(blob, source) {
	if (blob.length < HEADER_SIZE$2) throw new FormatError(source, blob.length, `a BTF header has ${HEADER_SIZE$2} bytes`);
	const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
	const magic = view.getUint16(0, true);
	if (magic !== MAGIC$1 && magic !== MAGIC_SWAPPED) throw new FormatError(source, 0, "BTF starts with the magic number 0xeb9f");
	const littleEndian = magic === MAGIC$1;
	if (view.getUint8(2) !== 1) throw new FormatError(source, 2, `BTF version 1 is known, not ${view.getUint8(2)}`);
	const headerLength = view.getUint32(4, littleEndian);
	if (headerLength < HEADER_SIZE$2 || headerLength > blob.length) throw new FormatError(source, 4, `a header length of ${headerLength} does not fit`);
	const section = (at, what) => {
		const start = headerLength + view.getUint32(at, littleEndian);
		const length = view.getUint32(at + 4, littleEndian);
		if (start + length > blob.length) throw new FormatError(source, at, `the ${what} section ends behind the end of the data`);
		return {
			start,
			length
		};
	};
	const types = section(8, "type");
	const strings = section(16, "string");
	if (types.start % 4 !== 0 || types.length % 4 !== 0) throw new FormatError(source, 8, "the type section is made of aligned 32-bit words");
	return {
		littleEndian,
		typeStart: types.start,
		typeLength: types.length,
		stringStart: strings.start,
		stringLength: strings.length
	};
}
// src/btf/kinds.ts
/**
* The kinds of type that BTF knows, decoded. The numbers and encodings are those of the kernel's
* include/uapi/linux/btf.h; ids refer to other types of the same (or the base) BTF, 0 is `void`.
*/
const KIND_NAMES = [
	"void",
	"int",
	"ptr",
	"array",
	"struct",
	"union",
	"enum",
	"fwd",
	"typedef",
	"volatile",
	"const",
	"restrict",
	"func",
	"func_proto",
	"var",
	"datasec",
	"float",
	"decl_tag",
	"type_tag",
	"enum64"
];
/**
* A whole BTF, base included, as flat arrays: what a printer of every type works on, because a
* hundred thousand decoded objects take longer than the printing itself.
*
* The three words of `struct btf_type` of type `id` start at `words[at(id)]`.
*/
var RawTypes = class RawTypes {
	index;
	source;
	typesFileOffset;
	words;
	/** NUL-terminated names; the last byte is a NUL. */
	strings;
	/** The number of each kind by id, `void` included. */
	kinds;
	/** All ids are smaller than this; `void`, id 0, counts. */
	count;
	/** The word at which each type starts, by id; 0 for `void`. */
	starts;
	partial;
	/** What is in `index` leaves `void` out. */
	constructor(index, strings, source, typesFileOffset) {
		this.index = index;
		this.source = source;
		this.typesFileOffset = typesFileOffset;
		this.words = index.words;
		this.strings = strings.length > 0 ? strings : /* @__PURE__ */ new Uint8Array(1);
		this.count = index.kinds.length + 1;
		this.kinds = new Uint8Array(this.count);
		this.kinds.set(index.kinds, 1);
		this.starts = new Uint32Array(this.count);
		this.starts.set(index.starts.subarray(0, index.kinds.length), 1);
	}
	/** The same, with the types of a split BTF that was made on top of this one. */
	append(split) {
		const { words, starts, kinds } = this.index;
		const index = {
			words: concat(Uint32Array, words, split.words),
			starts: concat(Uint32Array, starts.subarray(0, kinds.length), split.index.starts.map((start) => start + words.length)),
			kinds: concat(Uint8Array, kinds, split.index.kinds)
		};
		const strings = concat(Uint8Array, this.strings, split.strings);
		return new RawTypes(index, strings, split.source, split.typesFileOffset - words.length * 4);
	}
	/** The first word of a type other than `void`. */
	at(id) {
		const start = this.starts[id];
		if (start === void 0 || id === 0) throw this.noSuchType(id);
		return start;
	}
	kind(id) {
		const kind = this.kinds[id];
		if (kind === void 0) throw this.noSuchType(id);
		return kind;
	}
	noSuchType(id) {
		return this.damaged(id, "it is referred to, but does not exist");
	}
	/** The `size` or `type` of `struct btf_type`. */
	sizeOrType(id) {
		const start = this.starts[id];
		if (start === void 0 || id === 0) throw this.noSuchType(id);
		return this.words[start + 2];
	}
	vlen(id) {
		return this.words[this.at(id) + 1] & 65535;
	}
	flag(id) {
		return this.words[this.at(id) + 1] >>> 31 === 1;
	}
	/**
	* Ints with fewer bits than their storage has: before Linux 5.0 that made a member a bit-field.
	* Few kernels have any.
	*/
	get partialInts() {
		this.partial ??= new Set(this.findPartialInts());
		return this.partial;
	}
	*findPartialInts() {
		for (let id = this.kinds.indexOf(1); id !== -1; id = this.kinds.indexOf(1, id + 1)) {
			const encoding = this.words[this.at(id) + 3];
			const bits = encoding & 255;
			if ((encoding >>> 16 & 255) !== 0 || bits !== this.sizeOrType(id) * 8) yield id;
		}
	}
	/** Where the name starts within the strings; an anonymous type's is an empty one. */
	name(id) {
		return this.checkedName(this.words[this.at(id)]);
	}
	isAnonymous(id) {
		return this.strings[this.words[this.at(id)]] === 0;
	}
	isNamed(id, text) {
		return this.hasText(this.name(id), text);
	}
	hasText(name, text) {
		const { strings } = this;
		for (let i = 0; i < text.length; i++) if (strings[name + i] !== text[i]) return false;
		return strings[name + text.length] === 0;
	}
	/** The type behind typedefs, qualifiers and type tags. */
	resolve(id) {
		let inner = id;
		for (let depth = 0; depth < 256; depth++) {
			const kind = this.kind(inner);
			if ((kind < 8 || kind > 11) && kind !== 18) return inner;
			inner = this.sizeOrType(inner);
		}
		throw this.damaged(id, "it contains itself");
	}
	isEnum(id) {
		const kind = this.kind(id);
		return kind === 6 || kind === 19;
	}
	/** Tells whether a type without its typedefs and qualifiers is a struct or union. */
	isStruct(id) {
		const kind = this.kind(this.resolve(id));
		return kind === 4 || kind === 5;
	}
	checkedName(offset) {
		if (offset >= this.strings.length) throw new FormatError(this.source, this.typesFileOffset, "a name lies behind the strings");
		return offset;
	}
	damaged(id, why) {
		const word = this.starts[id] ?? 0;
		return new FormatError(this.source, this.typesFileOffset + word * 4, `type ${id}: ${why}`);
	}
};
function concat(Words, first, second) {
	const both = new Words(first.length + second.length);
	both.set(first);
	both.set(second, first.length);
	return both;
}
// src/bytes/text.ts
/**
* Bytes as text, one character for each byte, so that offsets stay what they are. Names are ASCII in
* practice, and decoding that as UTF-8 takes a third of the time of a one-byte encoding.
*/
function textOf(bytes) {
	try {
		const text = new TextDecoder("utf-8", {
			fatal: true,
			ignoreBOM: true
		}).decode(bytes);
		if (text.length === bytes.length) return text;
	} catch {}
	const chunks = [];
	for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
	return chunks.join("");
}
/** So many arguments a call can take. */
const CHUNK = 4096;
// src/btf/strings.ts
/** The kernel's limit is 512 (KSYM_NAME_LEN); without one, damage could make every name huge. */
const LONGEST_NAME = 4096;
/** The string section: NUL-terminated names, found by their offset. */
var StringTable = class {
	bytes;
	source;
	fileOffset;
	decoded;
	constructor(bytes, source, fileOffset) {
		this.bytes = bytes;
		this.source = source;
		this.fileOffset = fileOffset;
		if (bytes.length > 0 && bytes[bytes.length - 1] !== 0) throw new FormatError(source, fileOffset + bytes.length - 1, "the string section ends with NUL");
	}
	get length() {
		return this.bytes.length;
	}
	at(offset) {
		if (offset === 0 && this.bytes.length === 0) return "";
		if (offset >= this.bytes.length) throw new FormatError(this.source, this.fileOffset + offset, "a name lies behind the strings");
		const end = this.text.indexOf("\0", offset);
		if (end - offset > LONGEST_NAME) throw this.tooLong(offset);
		return this.text.slice(offset, end);
	}
	/** All strings at once: one decode costs less than a few thousand small ones. */
	get text() {
		this.decoded ??= textOf(this.bytes);
		return this.decoded;
	}
	/** Where this string stands by itself, not as the end of another one. */
	*find(wanted) {
		const pattern = `\0${wanted}\0`;
		const { text } = this;
		for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1)) yield at + 1;
	}
	tooLong(offset) {
		const expected = `a name has at most ${LONGEST_NAME} bytes`;
		return new FormatError(this.source, this.fileOffset + offset, expected);
	}
	/** FNV-1a over the name at `offset`, the same as {@link hashName} of its text. */
	hashAt(offset) {
		let hash = EMPTY_HASH;
		const { bytes } = this;
		const end = Math.min(bytes.length, offset + LONGEST_NAME);
		for (let i = offset; i < end && bytes[i] !== 0; i++) hash = hashByte(hash, bytes[i]);
		return hash >>> 0;
	}
};
// src/bytes/byte_order.ts
/** Whether this machine stores the low byte of a word first. */
const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
// src/btf/words.ts
/**
* The type section as 32-bit words in this machine's byte order. Everything in it is made of
* 32-bit words, so a foreign byte order needs no more than this one swap.
*/
function readWords(blob, start, length, littleEndian) {
	const bytes = (blob.byteOffset + start) % 4 === 0 ? new Uint8Array(blob.buffer, blob.byteOffset + start, length) : new Uint8Array(blob.subarray(start, start + length));
	const words = new Uint32Array(bytes.buffer, bytes.byteOffset, length / 4);
	return littleEndian === HOST_LITTLE_ENDIAN ? words : words.map(swap32);
}
function swap32(word) {
	return (word << 24 | (word & 65280) << 8 | word >>> 8 & 65280 | word >>> 24) >>> 0;
}
// src/btf/btf.ts
/** Longer chains of typedefs, qualifiers, arrays and nested structs are taken for a loop. */
const MAX_DEPTH$1 = 64;
/** Structs with more members, those of anonymous structs included, are taken for damage. */
const MAX_MEMBERS = 2 ** 17;
/** So many lookups by name cost as much as making an index of all names. */
const LOOKUPS_WITHOUT_INDEX = 32;
/**
* A kernel's type information: every type by id, by name and kind, with sizes and offsets.
*
* Types are decoded when first asked for. Ids and names are not trusted: a wrong one throws
* {@link FormatError}, and so does a type that contains itself.
*/
var Btf = class {
	source;
	base;
	littleEndian;
	/** The first id that is this BTF's own; 1, or the number of types of the base. */
	firstId;
	/** All ids are smaller than this; `void`, id 0, counts. */
	count;
	words;
	starts;
	kinds;
	strings;
	typesFileOffset;
	/** String offsets below this belong to the base. */
	firstString;
	decoded = [];
	names;
	oldBitFields;
	longSize;
	lookups = 0;
	/** Parses a raw `.BTF` blob. Throws {@link FormatError} where it is damaged. */
	constructor(blob, options = {}) {
		this.source = options.source ?? "BTF";
		this.base = options.base;
		const header = readHeader$1(blob, this.source);
		this.littleEndian = header.littleEndian;
		this.typesFileOffset = header.typeStart;
		this.words = readWords(blob, header.typeStart, header.typeLength, header.littleEndian);
		const index = indexTypes(this.words, this.source, header.typeStart);
		this.starts = index.starts;
		this.kinds = index.kinds;
		const strings = blob.subarray(header.stringStart, header.stringStart + header.stringLength);
		this.strings = new StringTable(strings, this.source, header.stringStart);
		this.firstId = this.base?.count ?? 1;
		this.firstString = this.base?.stringsEnd ?? 0;
		this.count = this.firstId + this.starts.length - 1;
	}
	get stringsEnd() {
		return this.firstString + this.strings.length;
	}
	/** The type with this id; throws {@link FormatError} if there is none. */
	type(id) {
		if (id === 0) return VOID;
		if (this.base !== void 0 && id < this.firstId) return this.base.type(id);
		const index = id - this.firstId;
		const known = this.decoded[index];
		if (known !== void 0) return known;
		const type = this.decode(id, index);
		this.decoded[index] = type;
		return type;
	}
	/** The kind of the type with this id, without decoding it. */
	kind(id) {
		if (id === 0) return "void";
		if (this.base !== void 0 && id < this.firstId) return this.base.kind(id);
		const kind = this.kinds[id - this.firstId];
		if (kind === void 0) throw this.noSuchType(id);
		return KIND_NAMES[kind];
	}
	decode(id, index) {
		const info = this.infoAt(index);
		const type = decodeType(this.words, this.starts[index], id, (offset) => this.nameAt(offset));
		if (this.hasOldBitFields && isStruct(type) && !kindFlagOf(info)) return {
			...type,
			members: type.members.map((member) => this.withOldBitField(member))
		};
		return type;
	}
	/**
	* Before Linux 5.0 (9d5f9f701b18, pahole 1.13) a bit-field was a member whose int type has fewer
	* bits than its storage. Newer encoders write no such type, so that no member needs a look.
	*/
	get hasOldBitFields() {
		this.oldBitFields ??= this.base?.hasOldBitFields || hasPartialInt(this.words, this.starts, this.kinds);
		return this.oldBitFields;
	}
	infoAt(index) {
		if (!(index >= 0 && index < this.kinds.length)) throw this.noSuchType(this.firstId + index);
		return this.words[this.starts[index] + 1];
	}
	noSuchType(id) {
		const why = `type ${id} is referred to, but the last is ${this.count - 1}`;
		return new FormatError(this.source, this.typesFileOffset, why);
	}
	withOldBitField(member) {
		const id = this.unwrap(member.type);
		const int = this.kind(id) === "int" ? this.type(id) : void 0;
		if (int?.kind !== "int" || int.bitOffset === 0 && int.bits === int.size * 8) return member;
		return {
			...member,
			bitOffset: member.bitOffset + int.bitOffset,
			bitSize: int.bits
		};
	}
	nameAt(offset) {
		if (this.base !== void 0 && offset < this.firstString) return this.base.nameAt(offset);
		return this.strings.at(offset - this.firstString);
	}
	/** This BTF and its base as one set of flat arrays, for those who go through all types. */
	raw() {
		const { words, starts, kinds, strings, source, typesFileOffset } = this;
		const own = new RawTypes({
			words,
			starts,
			kinds
		}, strings.bytes, source, typesFileOffset);
		return this.base === void 0 ? own : this.base.raw().append(own);
	}
	/** Every type of this BTF and its base, in order of ids, without `void`. */
	*types() {
		for (let id = 1; id < this.count; id++) yield this.type(id);
	}
	/** The first type with this name and one of these kinds (any kind, if none is given). */
	find(name, ...kinds) {
		const [first] = this.findAll(name, ...kinds);
		return first;
	}
	/**
	* All types with this name and one of these kinds, the base's first, in order of ids (as far as no
	* name stands twice among the strings).
	*/
	*findAll(name, ...kinds) {
		if (name === "") return;
		if (this.base !== void 0) yield* this.base.findAll(name, ...kinds);
		for (const index of this.candidates(name)) {
			const id = this.firstId + index;
			if (kinds.length > 0 && !kinds.includes(this.kind(id))) continue;
			if (this.nameAt(this.words[this.starts[index]]) === name) yield this.type(id);
		}
	}
	/**
	* The engine's own searches through text and words are quick enough for a few names; an index of
	* all names pays for those who look up many, and finds names that strings share the ends of.
	*/
	*candidates(name) {
		if (this.names === void 0 && this.lookups++ < LOOKUPS_WITHOUT_INDEX) {
			let found = false;
			for (const index of this.named(name)) {
				found = true;
				yield index;
			}
			if (found) return;
		}
		this.names ??= this.indexNames();
		yield* this.names.candidates(hashName(name));
	}
	/** The types whose name is a string of its own, found without any index. */
	*named(name) {
		for (const offset of this.base?.strings.find(name) ?? []) yield* this.namedAt(offset);
		for (const offset of this.strings.find(name)) yield* this.namedAt(offset + this.firstString);
	}
	/** The types that refer to this string. */
	*namedAt(offset) {
		const { words, starts } = this;
		for (let at = words.indexOf(offset); at !== -1; at = words.indexOf(offset, at + 1)) {
			const index = indexOfSorted(starts, at);
			if (index !== -1 && index < starts.length - 1) yield index;
		}
	}
	/** Like {@link find}, but throws {@link NotFoundError} that names the nearest ones. */
	get(name, ...kinds) {
		const found = this.find(name, ...kinds);
		if (found !== void 0) return found;
		throw new NotFoundError(`no ${kinds.length > 0 ? kinds.join(" or ") : "type"} ${name}`, nearestNames(name, this.allNames(kinds)), `${this.source} has none of this name`);
	}
	*allNames(kinds) {
		if (this.base !== void 0) yield* this.base.allNames(kinds);
		for (let index = 0; index < this.starts.length - 1; index++) {
			const nameOffset = this.words[this.starts[index]];
			if (nameOffset === 0) continue;
			if (kinds.length > 0 && !kinds.includes(this.kind(this.firstId + index))) continue;
			yield this.nameAt(nameOffset);
		}
	}
	indexNames() {
		const index = new NameIndex(this.starts.length - 1);
		for (let i = this.starts.length - 2; i >= 0; i--) {
			const offset = this.words[this.starts[i]];
			if (offset >= this.firstString && offset !== 0) index.add(i, this.strings.hashAt(offset - this.firstString));
			else if (offset !== 0) index.add(i, hashName(this.nameAt(offset)));
		}
		return index;
	}
	/** The type behind typedefs, qualifiers and type tags. */
	resolve(id) {
		return this.type(this.unwrap(id));
	}
	unwrap(id) {
		let inner = id;
		for (let depth = 0; depth < MAX_DEPTH$1; depth++) {
			if (!WRAPPERS.has(this.kind(inner))) return inner;
			inner = this.targetOf(inner);
		}
		throw this.loop(id);
	}
	/** The `type` of `struct btf_type`. */
	targetOf(id) {
		if (this.base !== void 0 && id < this.firstId) return this.base.targetOf(id);
		return this.words[this.starts[id - this.firstId] + 2];
	}
	/** Bytes that a value of this type takes, as `sizeof` in C; 0 for `void` and functions. */
	sizeOf(id) {
		let count = 1;
		let at = id;
		for (let depth = 0; depth < MAX_DEPTH$1; depth++) {
			const type = this.resolve(at);
			switch (type.kind) {
				case "ptr": return count * this.pointerSize;
				case "array":
					count *= type.length;
					if (count > Number.MAX_SAFE_INTEGER) throw this.loop(id);
					at = type.type;
					break;
				case "var":
					at = type.type;
					break;
				case "int":
				case "float":
				case "enum":
				case "enum64":
				case "struct":
				case "union":
				case "datasec":
					if (count * type.size > Number.MAX_SAFE_INTEGER) throw this.loop(id);
					return count * type.size;
				default: return 0;
			}
		}
		throw this.loop(id);
	}
	/** Bytes of a pointer, which BTF does not say: as many as a `long` has. */
	get pointerSize() {
		this.longSize ??= this.findLongSize();
		return this.longSize;
	}
	findLongSize() {
		for (const name of LONG_NAMES) {
			const size = this.find(name, "int")?.size;
			if (size !== void 0) return size === 4 ? 4 : 8;
		}
		return 8;
	}
	loop(id) {
		return new FormatError(this.source, this.typesFileOffset, `type ${id} is too deep or too large`);
	}
	/**
	* The member `name` of a struct or union, looked for in its anonymous members too, its offset
	* made relative to the outermost struct.
	*/
	findMember(struct, name) {
		for (const member of this.flatMembers(struct)) if (member.name === name) return member;
	}
	/** All named members, those of anonymous structs and unions included, with absolute offsets. */
	flatMembers(struct) {
		return this.walkMembers(struct, 0, {
			depth: 0,
			members: 0
		});
	}
	*walkMembers(owner, base, seen) {
		seen.members += owner.members.length;
		if (++seen.depth > MAX_DEPTH$1 || seen.members > MAX_MEMBERS) throw this.loop(owner.id);
		for (const member of owner.members) {
			const bitOffset = base + member.bitOffset;
			if (member.name !== "") {
				yield {
					...member,
					bitOffset,
					owner
				};
				continue;
			}
			const inner = this.resolve(member.type);
			if (isStruct(inner)) yield* this.walkMembers(inner, bitOffset, seen);
		}
		seen.depth--;
	}
};
const WRAPPERS = /* @__PURE__ */ new Set([
	"typedef",
	"const",
	"volatile",
	"restrict",
	"type_tag"
]);
/** How compilers name the type that is as wide as a pointer. */
const LONG_NAMES = [
	"long unsigned int",
	"unsigned long",
	"long int",
	"long"
];
const isStruct = (type) => type.kind === "struct" || type.kind === "union";
const VOID = {
	kind: "void",
	id: 0,
	name: ""
};
/** The position of a number in a sorted array, or -1. */
function indexOfSorted(sorted, wanted) {
	let low = 0;
	let high = sorted.length - 1;
	while (low <= high) {
		const middle = low + high >>> 1;
		const value = sorted[middle];
		if (value === wanted) return middle;
		if (value < wanted) low = middle + 1;
		else high = middle - 1;
	}
	return -1;
}
// src/elf/data.ts
/** The bytes of an ELF file, with what its identification says of how to read them. */
var ElfData = class {
	bytes;
	source;
	bits;
	littleEndian;
	view;
	constructor(bytes, source, bits, littleEndian) {
		this.bytes = bytes;
		this.source = source;
		this.bits = bits;
		this.littleEndian = littleEndian;
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}
	/** Where a range lies within the file; throws {@link FormatError} where it does not. */
	range(offset, size, what) {
		if (offset + size > BigInt(this.bytes.length)) throw new FormatError(this.source, Number(offset), `${what} of ${size} bytes ends behind the end of the file, ${this.bytes.length} bytes`);
		return {
			start: Number(offset),
			end: Number(offset + size)
		};
	}
	/** The bytes of a range, not copied. */
	slice(offset, size, what) {
		const { start, end } = this.range(offset, size, what);
		return this.bytes.subarray(start, end);
	}
	/** The fields from `offset` on; whoever calls has checked that they are within the file. */
	fields(offset) {
		return new FieldReader(this.view, offset, this.bits, this.littleEndian);
	}
	/** A fault in the file, found at `offset`. */
	damaged(offset, expected) {
		return new FormatError(this.source, offset, expected);
	}
};
/** Reads the fields of a structure one after the other. */
var FieldReader = class {
	view;
	offset;
	bits;
	littleEndian;
	constructor(view, offset, bits, littleEndian) {
		this.view = view;
		this.offset = offset;
		this.bits = bits;
		this.littleEndian = littleEndian;
	}
	u8() {
		return this.view.getUint8(this.skip(1));
	}
	u16() {
		return this.view.getUint16(this.skip(2), this.littleEndian);
	}
	u32() {
		return this.view.getUint32(this.skip(4), this.littleEndian);
	}
	/** An address, offset or size: 32 or 64 bits, as the class of the file has it. */
	word() {
		if (this.bits === 32) return BigInt(this.u32());
		return this.view.getBigUint64(this.skip(8), this.littleEndian);
	}
	skip(size) {
		const at = this.offset;
		this.offset += size;
		return at;
	}
};
// src/elf/header.ts
const IDENT_SIZE = 16;
const HEADER_SIZE$1 = {
	32: 52,
	64: 64
};
/** Whether a file starts with `\x7fELF`. */
function isElf(bytes) {
	return bytes[0] === 127 && bytes[1] === 69 && bytes[2] === 76 && bytes[3] === 70;
}
function readHeader(bytes, source) {
	if (!isElf(bytes)) throw new FormatError(source, 0, "an ELF file starts with the bytes 7f 45 4c 46");
	const data = new ElfData(bytes, source, readClass(bytes, source), readByteOrder(bytes, source));
	data.range(0n, BigInt(HEADER_SIZE$1[data.bits]), "the ELF header");
	const fields = data.fields(IDENT_SIZE);
	const type = fields.u16();
	const machine = fields.u16();
	fields.u32();
	const entry = fields.word();
	const phoff = fields.word();
	const shoff = fields.word();
	const flags = fields.u32();
	fields.u16();
	return {
		data,
		header: {
			bits: data.bits,
			littleEndian: data.littleEndian,
			osabi: bytes[7],
			type,
			machine,
			entry,
			phoff,
			shoff,
			flags,
			phentsize: fields.u16(),
			phnum: fields.u16(),
			shentsize: fields.u16(),
			shnum: fields.u16(),
			shstrndx: fields.u16()
		}
	};
}
function readClass(bytes, source) {
	if (bytes[4] === 1) return 32;
	if (bytes[4] === 2) return 64;
	throw new FormatError(source, 4, "the class of an ELF file is 1 (32 bits) or 2 (64 bits)");
}
function readByteOrder(bytes, source) {
	if (bytes[5] === 1) return true;
	if (bytes[5] === 2) return false;
	throw new FormatError(source, 5, "the byte order of an ELF file is 1 (little) or 2 (big endian)");
}
// src/elf/note.ts
const NOTE_HEADER_SIZE = 12;
/**
* The notes of a PT_NOTE segment or an SHT_NOTE section that starts at `offset` in the file. Name
* and description are padded to `align` bytes, which is 4, or 8 where the segment says so.
*/
function* readNotes(data, offset, size, align) {
	const { start, end } = data.range(offset, size, "a list of notes");
	const padding = align === 8n ? 8 : 4;
	const padded = (length) => Math.ceil(length / padding) * padding;
	let at = start;
	while (at + NOTE_HEADER_SIZE <= end) {
		const fields = data.fields(at);
		const nameSize = fields.u32();
		const descSize = fields.u32();
		const type = fields.u32();
		const name = at + NOTE_HEADER_SIZE;
		const desc = start + padded(name + nameSize - start);
		if (name + nameSize > end || desc + descSize > end) throw data.damaged(at, "a note ends behind the end of its segment");
		yield {
			name: text(data.bytes.subarray(name, name + nameSize)),
			type,
			desc: data.bytes.subarray(desc, desc + descSize)
		};
		at = start + padded(desc + descSize - start);
	}
}
function text(bytes) {
	const end = bytes.indexOf(0);
	return textOf(end === -1 ? bytes : bytes.subarray(0, end));
}
// src/elf/strings.ts
/** A string table (SHT_STRTAB): NUL-terminated names, found by their offset. */
var ElfStrings = class {
	bytes;
	text;
	ends;
	constructor(bytes) {
		this.bytes = bytes;
	}
	/** The name at `offset`; undefined if it starts or ends outside of the table. */
	at(offset) {
		this.text ??= textOf(this.bytes);
		const end = this.endOf(offset);
		return end === void 0 ? void 0 : this.text.slice(offset, end);
	}
	/** Names may overlap (one may be the tail of another), so that a scan for each could be slow. */
	endOf(offset) {
		this.ends ??= positionsOfNul(this.bytes);
		let low = 0;
		let high = this.ends.length;
		while (low < high) {
			const middle = low + high >>> 1;
			if (this.ends[middle] < offset) low = middle + 1;
			else high = middle;
		}
		return this.ends[low];
	}
};
function positionsOfNul(bytes) {
	let count = 0;
	for (const byte of bytes) if (byte === 0) count++;
	const positions = new Uint32Array(count);
	let next = 0;
	for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) positions[next++] = at;
	return positions;
}
/** Special section indices. */
const SHN_UNDEF = 0;
const SHN_XINDEX$1 = 65535;
const SECTION_HEADER_SIZE = {
	32: 40,
	64: 64
};
/**
* The first section header, which holds what does not fit into the 16 bits of the ELF header: the
* number of sections (`sh_size`), their string table (`sh_link`), the number of segments (`sh_info`).
*/
function readFirstSection(data, header) {
	if (header.shoff === 0n) return void 0;
	checkEntrySize(data, header);
	data.range(header.shoff, BigInt(header.shentsize), "the first section header");
	return readSection(data, header, 0);
}
/** All section headers, named; none if the file has no section header table. */
function readSections(data, header) {
	const first = readFirstSection(data, header);
	if (first === void 0) return [];
	const count = header.shnum === 0 ? first.size : BigInt(header.shnum);
	data.range(header.shoff, count * BigInt(header.shentsize), `a table of ${count} section headers`);
	const sections = Array.from({ length: Number(count) }, (_, i) => readSection(data, header, i));
	const names = readNames(data, sections, header.shstrndx === SHN_XINDEX$1 ? first.link : header.shstrndx);
	return sections.map(({ nameOffset, ...section }) => ({
		...section,
		name: names?.at(nameOffset) ?? ""
	}));
}
function checkEntrySize(data, header) {
	const expected = SECTION_HEADER_SIZE[data.bits];
	if (header.shentsize >= expected) return;
	throw data.damaged(Number(header.shoff), `a section header has ${expected} bytes, not ${header.shentsize}`);
}
function readSection(data, header, index) {
	const fields = data.fields(Number(header.shoff) + index * header.shentsize);
	return {
		index,
		nameOffset: fields.u32(),
		type: fields.u32(),
		flags: fields.word(),
		addr: fields.word(),
		offset: fields.word(),
		size: fields.word(),
		link: fields.u32(),
		info: fields.u32(),
		addralign: fields.word(),
		entsize: fields.word()
	};
}
function readNames(data, sections, index) {
	if (index === SHN_UNDEF) return void 0;
	const section = sections[index];
	if (section === void 0) throw data.damaged(0, `section ${index}, which holds the names of the sections, exists`);
	return new ElfStrings(data.slice(section.offset, section.size, "the names of the sections"));
}
// src/elf/segment.ts
const PROGRAM_HEADER_SIZE = {
	32: 32,
	64: 56
};
/** `e_phnum` of a file with more segments than 16 bits count. */
const PN_XNUM = 65535;
/** All program headers; none if the file has no program header table. */
function readSegments(data, header) {
	const count = segmentCount(data, header);
	if (count === 0) return [];
	const expected = PROGRAM_HEADER_SIZE[data.bits];
	if (header.phentsize < expected) throw data.damaged(Number(header.phoff), `a program header has ${expected} bytes, not ${header.phentsize}`);
	const size = BigInt(count) * BigInt(header.phentsize);
	const { start } = data.range(header.phoff, size, `a table of ${count} program headers`);
	return Array.from({ length: count }, (_, i) => readSegment(data, start + i * header.phentsize));
}
function segmentCount(data, header) {
	if (header.phoff === 0n) return 0;
	if (header.phnum !== PN_XNUM) return header.phnum;
	return readFirstSection(data, header)?.info ?? PN_XNUM;
}
function readSegment(data, at) {
	const fields = data.fields(at);
	const type = fields.u32();
	const early = data.bits === 64 ? fields.u32() : 0;
	const segment = {
		type,
		offset: fields.word(),
		vaddr: fields.word(),
		paddr: fields.word(),
		filesz: fields.word(),
		memsz: fields.word()
	};
	const flags = data.bits === 64 ? early : fields.u32();
	return {
		...segment,
		flags,
		align: fields.word()
	};
}
// src/elf/symbol.ts
const SYMBOL_SIZE = {
	32: 16,
	64: 24
};
/** The reserved indices start here. */
const SHN_LORESERVE = 65280;
/** The index does not fit into 16 bits, and is in a table of its own. */
const SHN_XINDEX = 65535;
/**
* The symbols of an SHT_SYMTAB or SHT_DYNSYM section, without its empty first entry. `extended` is
* where the 32-bit indices of its SHT_SYMTAB_SHNDX section are, if it has one.
*/
function* readSymbols$1(data, { start, end }, names, extended) {
	const size = SYMBOL_SIZE[data.bits];
	for (let index = 1; start + (index + 1) * size <= end; index++) {
		const symbol = readSymbol(data, start + index * size, names);
		yield {
			...symbol,
			shndx: sectionIndex(data, symbol.shndx, index, extended)
		};
	}
}
function readSymbol(data, at, names) {
	const fields = data.fields(at);
	const nameOffset = fields.u32();
	const early = data.bits === 32 ? {
		value: fields.word(),
		size: fields.word()
	} : void 0;
	const info = fields.u8();
	const visibility = fields.u8() & 3;
	const shndx = fields.u16();
	const { value, size } = early ?? {
		value: fields.word(),
		size: fields.word()
	};
	const name = names.at(nameOffset);
	if (name === void 0) throw data.damaged(at, "the name of a symbol is in its string table");
	return {
		name,
		value,
		size,
		type: info & 15,
		bind: info >>> 4,
		visibility,
		shndx
	};
}
function sectionIndex(data, shndx, symbol, extended) {
	if (shndx < SHN_LORESERVE) return shndx;
	if (shndx !== SHN_XINDEX || extended === void 0) return shndx - 65536;
	const at = extended.start + symbol * 4;
	if (at + 4 > extended.end) throw data.damaged(at, "a symbol has an entry in the table of section indices");
	return data.fields(at).u32();
}
// src/elf/elf.ts
/**
* An ELF file of either class and byte order. Each table is read when first asked for, so the start
* of a file is enough where only the start is used. Nothing of the file is trusted: what lies
* outside of it, or contradicts itself, throws {@link FormatError}.
*/
var Elf = class {
	data;
	header;
	sectionTable;
	segmentTable;
	constructor(data, header) {
		this.data = data;
		this.header = header;
	}
	get source() {
		return this.data.source;
	}
	/** All sections by index, the empty first one included. */
	get sections() {
		this.sectionTable ??= readSections(this.data, this.header);
		return this.sectionTable;
	}
	/** All segments, in the order of the program headers. */
	get segments() {
		this.segmentTable ??= readSegments(this.data, this.header);
		return this.segmentTable;
	}
	/** The first section of this name. */
	section(name) {
		return this.sections.find((section) => section.name === name);
	}
	/**
	* What a section holds, not copied; nothing for SHT_NOBITS, which is not in the file. Throws
	* {@link NotFoundError} for a name that no section has, {@link UnsupportedError} for a compressed
	* section.
	*/
	sectionBytes(which) {
		const section = typeof which === "string" ? this.needSection(which) : which;
		if (section.type === 8) return /* @__PURE__ */ new Uint8Array(0);
		const { start, end } = this.rangeOf(section);
		return this.data.bytes.subarray(start, end);
	}
	rangeOf(section) {
		if ((section.flags & 2048n) !== 0n) throw new UnsupportedError(`cannot read section ${section.name} of ${this.source}`, "it is compressed", "unpack it with objcopy --decompress-debug-sections");
		return this.data.range(section.offset, section.size, `section ${section.name}`);
	}
	needSection(name) {
		const section = this.section(name);
		if (section !== void 0) return section;
		throw new NotFoundError(`no section ${name} in ${this.source}`);
	}
	/** What the file holds of a segment, not copied: `p_filesz` bytes. */
	segmentBytes({ offset, filesz }) {
		return this.data.slice(offset, filesz, "a segment");
	}
	/** The notes of all PT_NOTE segments, or of all SHT_NOTE sections of a file without segments. */
	*notes() {
		if (this.segments.length > 0) {
			for (const { type, offset, filesz, align } of this.segments) if (type === 4) yield* readNotes(this.data, offset, filesz, align);
			return;
		}
		for (const { type, offset, size, addralign } of this.sections) if (type === 7) yield* readNotes(this.data, offset, size, addralign);
	}
	/** The symbols of `.symtab`, without its empty first entry; none if there is no such table. */
	symbols() {
		return this.symbolsOf(2);
	}
	/** The symbols of `.dynsym`, without its empty first entry; none if there is no such table. */
	dynamicSymbols() {
		return this.symbolsOf(11);
	}
	*symbolsOf(type) {
		const table = this.sections.find((section) => section.type === type);
		if (table === void 0) return;
		const strings = this.sections[table.link];
		if (strings === void 0) throw this.data.damaged(0, `section ${table.link}, which holds the names of symbols, exists`);
		const names = new ElfStrings(this.sectionBytes(strings));
		const indices = this.sections.find(({ type, link }) => type === 18 && link === table.index);
		yield* readSymbols$1(this.data, this.rangeOf(table), names, indices && this.rangeOf(indices));
	}
};
/** Opens the ELF file that `bytes` hold; `source` is its name in messages. */
function readElf(bytes, source) {
	const { data, header } = readHeader(bytes, source);
	return new Elf(data, header);
}
// src/kernel/capability_names.ts
/** Capabilities by number, as in include/uapi/linux/capability.h; the last is of Linux 5.9. */
const CAPABILITY_NAMES = [
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE"
];
// src/bytes/hex.ts
/** An address as `0x` and lower-case hexadecimal digits, without padding. */
function hex(value) {
	return `0x${value.toString(16)}`;
}
// src/object/deref.ts
/**
* The struct that a pointer member leads to, where the kernel never leaves the pointer NULL: else
* what was read is no such struct (any more), and {@link InconsistentError} says so.
*/
function deref(view, member) {
	const target = view[member];
	if (target !== null) return target;
	throw new InconsistentError(`what should be a ${view.$type.name} at ${hex(view.$address)} is none`, `its ${member} is NULL`, "it was freed meanwhile, or memory is damaged; read it again");
}
// src/object/container_of.ts
/**
* `container_of(ptr, type, member)`: the struct `name` whose `member` lies at an address.
* Throws {@link NotFoundError} where the struct has no such member.
*/
function containerOf(space, inner, name, member) {
	const type = space.struct(name);
	const start = (typeof inner === "bigint" ? inner : inner.$address) - BigInt(type.at(0n).$offsetOf(member));
	return space.at(name, BigInt.asUintN(64, start));
}
// src/kernel/list.ts
/** No list of a kernel is longer: 2^22 is the largest number of tasks that pid_max allows. */
const MAX_NODES = 1 << 23;
/** How often a walk may find that the list changed under it before it gives up. */
const MAX_SETBACKS = 1e3;
/**
* The nodes of a circular `struct list_head` list, without its head, by address, each once.
*
* Every step is checked: the next node must point back to the one it was reached from. On a running
* kernel nodes come and go meanwhile; where the check fails, the node is read again, and if it is
* no longer on the list, the walk goes back to the one before it. A list that stays torn, or never
* comes back to its head, throws {@link InconsistentError}.
*/
function* listNodes(space, head, direction = "forward") {
	const ahead = direction === "forward" ? "next" : "prev";
	const behind = direction === "forward" ? "prev" : "next";
	const trail = [head];
	const yielded = /* @__PURE__ */ new Set();
	let setbacks = 0;
	space.at("list_head", head).$data();
	for (;;) {
		const from = trail.at(-1);
		const at = nodePointer(space, "list_head", from, ahead);
		if (at && nodePointer(space, "list_head", at, behind) === from) {
			if (at === head) return;
			if (trail.length > MAX_NODES) throw torn(head, at, "it does not come back to its head");
			trail.push(at);
			if (!yielded.has(at)) yield at;
			yielded.add(at);
			continue;
		}
		if (++setbacks > MAX_SETBACKS) throw torn(head, from, `its ${ahead} does not point back to it`);
		space.memory.drop?.();
		if (setbacks % 4 === 0 && trail.length > 1) trail.pop();
	}
}
/** `list_for_each_entry(pos, head, member)`: the structs whose `member` is on a list. */
function* listForEachEntry(space, head, name, member, direction = "forward") {
	for (const node of listNodes(space, head, direction)) yield containerOf(space, node, name, member);
}
/** Undefined where nothing is: the node was freed meanwhile. */
function nodePointer(space, type, node, member) {
	try {
		return addressIn(space.at(type, node)[member]);
	} catch (error) {
		if (error instanceof FaultError) return void 0;
		throw error;
	}
}
function addressIn(pointer) {
	return pointer?.$address ?? 0n;
}
function torn(head, at, why) {
	return new InconsistentError(`the list at ${hex(head)} is torn at ${hex(at)}`, why, "it changed while it was read, or memory is damaged; read it again");
}
// src/memory/memory.ts
/** The bytes of one range, or a {@link FaultError}. */
function readBytes(memory, address, length) {
	const bytes = new Uint8Array(length);
	memory.read(address, bytes);
	return bytes;
}
/** The bytes of a range, or its fault as a value. */
function readOrFault(memory, range) {
	const bytes = new Uint8Array(range.length);
	try {
		memory.read(range.address, bytes);
		return bytes;
	} catch (error) {
		if (error instanceof FaultError) return error;
		throw error;
	}
}
// src/object/c_string.ts
const PAGE_SIZE$4 = 4096;
const decoder$1 = new TextDecoder();
/** The text up to the first NUL, or all of it. */
function cString(bytes) {
	let text = "";
	for (let i = 0; i < bytes.length && i < 64; i++) {
		const byte = bytes[i];
		if (byte === 0) return text;
		if (byte >= 128) break;
		text += String.fromCharCode(byte);
	}
	const end = bytes.indexOf(0);
	return decoder$1.decode(end === -1 ? bytes : bytes.subarray(0, end));
}
/** A NUL-terminated string in memory; never reads past the page in which it ends. */
function readCString(memory, address, limit) {
	const parts = [];
	let at = address;
	let left = limit;
	while (left > 0) {
		const length = Math.min(left, bytesToPageEnd(at), parts.length === 0 ? 64 : 4096);
		const piece = readBytes(memory, at, length);
		parts.push(piece);
		if (piece.includes(0)) break;
		at += BigInt(piece.length);
		left -= piece.length;
	}
	return cString(joined(parts));
}
function joined(parts) {
	if (parts.length === 1) return parts[0];
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
function bytesToPageEnd(address) {
	return PAGE_SIZE$4 - Number(address & BigInt(4095));
}
// src/object/bit_field.ts
/**
* Reads `bitSize` bits that start `bitOffset` bits from the start of the copy. Up to 32 bits give a
* number, more a bigint. On a little-endian machine bit 0 is the least significant bit of the first
* byte, on a big-endian one its most significant.
*/
function bitFieldReader(bitOffset, bitSize, signed, littleEndian) {
	const first = Math.floor(bitOffset / 8);
	const count = Math.ceil((bitOffset % 8 + bitSize) / 8);
	const skip = bitOffset % 8;
	const shift = BigInt(littleEndian ? skip : count * 8 - skip - bitSize);
	return (data) => {
		let bits = 0n;
		for (let i = 0; i < count; i++) {
			const byte = data.getUint8(first + (littleEndian ? count - 1 - i : i));
			bits = bits << 8n | BigInt(byte);
		}
		bits >>= shift;
		const value = signed ? BigInt.asIntN(bitSize, bits) : BigInt.asUintN(bitSize, bits);
		return bitSize <= 32 ? Number(value) : value;
	};
}
// src/object/flexible_array.ts
/** The most elements that are taken at once; their number comes from memory that may be damaged. */
const MAX_BYTES = 67108864;
/** An array of unknown length at the end of a struct (`[]` or `[0]`); its elements are read anew. */
var FlexibleArray = class {
	$space;
	$address;
	$typeId;
	constructor($space, $address, $typeId) {
		this.$space = $space;
		this.$address = $address;
		this.$typeId = $typeId;
	}
	$at(index) {
		const size = this.$space.btf.sizeOf(this.$typeId);
		const address = this.$address + BigInt(index * size);
		const bytes = readBytes(this.$space.memory, address, size);
		return compileReader(this.$space, this.$typeId)(new DataView(bytes.buffer), 0, address);
	}
	/** The first `count` elements, taken in one read. */
	$take(count) {
		const size = this.$space.btf.sizeOf(this.$typeId);
		if (size === 0) return [];
		if (!(count >= 0 && count * size <= MAX_BYTES)) throw new InconsistentError(`cannot take ${count} elements of ${size} bytes`, "they are too many to be taken at once");
		const bytes = readBytes(this.$space.memory, this.$address, count * size);
		const data = new DataView(bytes.buffer);
		const read = compileReader(this.$space, this.$typeId);
		return Array.from({ length: count }, (_, i) => {
			return read(data, i * size, this.$address + BigInt(i * size));
		});
	}
	/** The first `length` bytes as text, cut at the NUL; for a flexible `char[]`. */
	$string(length) {
		return cString(readBytes(this.$space.memory, this.$address, length));
	}
};
// src/object/readers.ts
/** The largest array that is made of one member. */
const MAX_ELEMENTS = 1 << 22;
/** Compiles the reader of a type: everything that BTF says is decided here, once. */
function compileReader(space, typeId) {
	const { btf } = space;
	const type = btf.resolve(typeId);
	const little = btf.littleEndian;
	switch (type.kind) {
		case "int": return type.bool ? (data, at) => data.getUint8(at) !== 0 : integerReader(type, little);
		case "enum":
		case "enum64": return integerReader(type, little);
		case "float": return floatReader(type.size, little);
		case "ptr": return pointerReader(space, type.type);
		case "array": return arrayReader(space, type);
		case "struct":
		case "union": return (data, at, address, owner) => {
			const struct = space.classOf(type);
			if (owner !== void 0) return struct.within(owner, at);
			const bytes = new Uint8Array(data.buffer, data.byteOffset + at, type.size);
			return struct.at(address, bytes);
		};
		default: return () => void 0;
	}
}
/** The reader of a bit-field of this type. */
function compileBitField(space, typeId, bitOffset, bitSize) {
	const type = space.btf.resolve(typeId);
	const read = bitFieldReader(bitOffset, bitSize, (type.kind === "int" || type.kind === "enum" || type.kind === "enum64") && type.signed, space.btf.littleEndian);
	if (type.kind === "int" && type.bool) return (data) => read(data) !== 0;
	return read;
}
function integerReader(type, little) {
	switch (type.size) {
		case 1: return type.signed ? (data, at) => data.getInt8(at) : (data, at) => data.getUint8(at);
		case 2: return type.signed ? (data, at) => data.getInt16(at, little) : (data, at) => data.getUint16(at, little);
		case 4: return type.signed ? (data, at) => data.getInt32(at, little) : (data, at) => data.getUint32(at, little);
		case 8: return type.signed ? (data, at) => data.getBigInt64(at, little) : (data, at) => data.getBigUint64(at, little);
		case 16: return (data, at) => {
			const low = data.getBigUint64(little ? at : at + 8, little);
			const value = data.getBigUint64(little ? at + 8 : at, little) << 64n | low;
			return type.signed ? BigInt.asIntN(128, value) : value;
		};
		default: return (data, at) => new Uint8Array(data.buffer, data.byteOffset + at, type.size);
	}
}
function floatReader(size, little) {
	if (size === 4) return (data, at) => data.getFloat32(at, little);
	if (size === 8) return (data, at) => data.getFloat64(at, little);
	return (data, at) => new Uint8Array(data.buffer, data.byteOffset + at, size);
}
/** A pointer to a struct is the struct's view; any other pointer a {@link Pointer}; NULL is null. */
function pointerReader(space, targetId) {
	const little = space.btf.littleEndian;
	const target = space.btf.resolve(targetId);
	if (target.kind === "struct" || target.kind === "union") return (data, at) => {
		const address = data.getBigUint64(at, little);
		return address === 0n ? null : space.classOf(target).at(address);
	};
	return (data, at) => {
		const address = data.getBigUint64(at, little);
		return address === 0n ? null : new Pointer(space, address, targetId);
	};
}
function arrayReader(space, array) {
	if (array.length === 0) return (_data, _at, address) => new FlexibleArray(space, address, array.type);
	if (isChar(space.btf.resolve(array.type))) return (data, at) => cString(new Uint8Array(data.buffer, data.byteOffset + at, array.length));
	const size = space.btf.sizeOf(array.type);
	const length = Math.min(array.length, MAX_ELEMENTS);
	let element;
	return (data, at, address, owner) => {
		element ??= compileReader(space, array.type);
		const values = [];
		for (let i = 0; i < length; i++) values.push(element(data, at + i * size, address + BigInt(i * size), owner));
		return values;
	};
}
/** C's plain `char`; BTF's own mark for it is never set by the tools that make kernels' BTF. */
function isChar(type) {
	return type.kind === "int" && type.name === "char";
}
// src/object/pointer.ts
/** A pointer to anything but a struct: `void *`, `char *`, `int *`, a pointer to a pointer. */
var Pointer = class {
	$space;
	$address;
	$typeId;
	constructor($space, $address, $typeId) {
		this.$space = $space;
		this.$address = $address;
		this.$typeId = $typeId;
	}
	/** The value it points to, read now. Throws {@link FaultError}; undefined for `void` and code. */
	get $target() {
		return this.$at(0);
	}
	/** The value `index` elements further on, as `p[index]` in C. */
	$at(index) {
		const { btf, memory } = this.$space;
		const size = btf.sizeOf(this.$typeId);
		if (size === 0) return void 0;
		const address = this.$address + BigInt(index) * BigInt(size);
		const bytes = readBytes(memory, address, size);
		return compileReader(this.$space, this.$typeId)(new DataView(bytes.buffer), 0, address);
	}
	/** The NUL-terminated string it points to, at most `limit` bytes of it. */
	$string(limit = 4096) {
		return readCString(this.$space.memory, this.$address, limit);
	}
};
// src/object/path.ts
/** `a.b[3].c` as its steps: names and indexes. */
function steps(path) {
	const found = path.match(/[^.[\]]+|\[\d+\]/g);
	if (found === null || found.join("").length !== path.replaceAll(".", "").length) throw new UsageError(`${path} is no path to a member`, "it is made of names, dots and [numbers]");
	return found.map((step) => step.startsWith("[") ? Number(step.slice(1, -1)) : step);
}
/** The error for a member that a struct does not have; names the ones that look like it. */
function noSuchMember(btf, type, name) {
	const names = [...btf.flatMembers(type)].map((member) => member.name);
	const what = `${type.kind} ${type.name || "(anonymous)"}`;
	return new NotFoundError(`no member ${name}`, nearestNames(name, names), `${what} of this kernel has none of this name`);
}
/** Bytes from the start of a struct to a (nested) member. Throws {@link NotFoundError}. */
function offsetOf(btf, type, path) {
	let offset = 0;
	let at = type.id;
	for (const step of steps(path)) {
		const holder = btf.resolve(at);
		if (typeof step === "number" && holder.kind === "array") {
			offset += step * btf.sizeOf(holder.type);
			at = holder.type;
			continue;
		}
		if (holder.kind !== "struct" && holder.kind !== "union") throw new UsageError(`cannot take the offset of ${path}`, `${step} is not within the struct`);
		const member = btf.findMember(holder, String(step));
		if (member === void 0) throw noSuchMember(btf, holder, String(step));
		offset += Math.floor(member.bitOffset / 8);
		at = member.type;
	}
	return offset;
}
/** The value at the end of a path; follows pointers. NULL on the way gives null. */
function memberAt(view, path) {
	let value = view;
	for (const step of steps(path)) {
		if (value === null || value === void 0) return null;
		value = typeof step === "number" ? elementOf(value, step, path) : memberOf(value, step);
	}
	return value;
}
function memberOf(value, name) {
	const target = value instanceof Pointer ? value.$target : value;
	if (!(target instanceof View)) throw new NotFoundError(`no member ${name}`, [], "what stands before it is no struct");
	if (!target.$has(name)) throw noSuchMember(target.$space.btf, target.$type, name);
	return target[name];
}
function elementOf(value, index, path) {
	if (value instanceof Pointer) return value.$at(index);
	if (Array.isArray(value)) {
		if (index < value.length) return value[index];
		throw new UsageError(`${path} goes too far`, `the array has ${value.length} elements`);
	}
	if (value !== null && typeof value === "object" && "$at" in value) return value.$at(index);
	throw new UsageError(`${path} cannot be followed`, `[${index}] stands behind what is no array`);
}
/** The name that an enum member's type has for its value. */
function enumName(view, name) {
	const { btf } = view.$space;
	const member = btf.findMember(view.$type, name);
	if (member === void 0) throw noSuchMember(btf, view.$type, name);
	const type = btf.resolve(member.type);
	if (type.kind !== "enum" && type.kind !== "enum64") return void 0;
	const value = view[name];
	return type.values.find((enumerator) => BigInt(enumerator.value) === BigInt(value))?.name;
}
// src/object/view.ts
/** A larger struct than any kernel's; a size that BTF claims is not trusted beyond this. */
const MAX_STRUCT_SIZE = 16777216;
/**
* A struct or union in memory: a copy of its bytes taken in one read when a member is first
* touched, so that its members agree with each other. Members are properties of the class that
* `defineStruct` compiles; everything else is behind `$`, where no kernel name can collide with it.
*/
var View = class {
	/** Where it lies. */
	$address;
	$copy;
	$parent;
	$base;
	/** For use by compiled classes; `base` is the offset within the copy of `parent`. */
	constructor(address, copy, parent, base = 0) {
		this.$address = address;
		this.$copy = copy && new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
		this.$parent = parent;
		this.$base = base;
	}
	/** Its size in bytes, as `sizeof` in C. */
	get $size() {
		return this.$type.size;
	}
	/** The copy of its bytes; reads it if that has not happened yet. */
	get $bytes() {
		const { buffer, byteOffset, byteLength } = this.$data();
		return new Uint8Array(buffer, byteOffset, Math.min(byteLength, this.$size));
	}
	/** The copy as a DataView that starts with this struct. Throws {@link FaultError}. */
	$data() {
		this.$copy ??= this.$take();
		return this.$copy;
	}
	$take() {
		if (this.$parent !== void 0) {
			const outer = this.$parent.$data();
			return new DataView(outer.buffer, outer.byteOffset + this.$base, this.$size);
		}
		const length = Math.min(this.$size, MAX_STRUCT_SIZE);
		return new DataView(readBytes(this.$space.memory, this.$address, length).buffer);
	}
	/** A new view of the same struct with a copy of its bytes as they are now. */
	$read() {
		this.$space.memory.drop?.();
		const fresh = this.$space.classOf(this.$type).at(this.$address);
		fresh.$data();
		return fresh;
	}
	/** Bytes from the start of the struct to a member; a path such as `se.sum_exec_runtime` works. */
	$offsetOf(path) {
		return offsetOf(this.$space.btf, this.$type, path);
	}
	/** The address of a member: `&task->tasks` is `task.$addressOf('tasks')`. */
	$addressOf(path) {
		return this.$address + BigInt(this.$offsetOf(path));
	}
	/** The name of an enum member's value, or undefined where the enum has no name for it. */
	$enumName(member) {
		return enumName(this, member);
	}
	/** The value at the end of a dotted path, through structs, pointers and `[index]`. */
	$get(path) {
		return memberAt(this, path);
	}
	/** Tells whether this kernel's struct has such a member. */
	$has(member) {
		return this.$space.btf.findMember(this.$type, member) !== void 0;
	}
};
// src/kernel/percpu.ts
/**
* `per_cpu(name, cpu)`: the value of a per-CPU variable of the kernel's image on a CPU. The
* variable is looked up in BTF's per-CPU section; a static one of a module is not listed there.
* Throws {@link NotFoundError}.
*/
function perCpu(kernel, name, cpu) {
	const variable = kernel.perCpuSection.get(name);
	const address = kernel.perCpuBase(cpu) + BigInt(variable.offset);
	const type = kernel.types.resolve(variable.typeId);
	if (type.kind === "struct" || type.kind === "union") return kernel.space.classOf(type).at(address);
	const bytes = readBytes(kernel.memory, address, kernel.types.sizeOf(type.id));
	return compileReader(kernel.space, type.id)(new DataView(bytes.buffer), 0, address);
}
/** `per_cpu_ptr(pointer, cpu)`: a per-CPU pointer is an offset until a CPU's base is added. */
function perCpuPtr(kernel, pointer, cpu) {
	const address = BigInt.asUintN(64, pointer.$address + kernel.perCpuOffset(cpu));
	if (pointer instanceof View) return kernel.space.classOf(pointer.$type).at(address);
	if (pointer instanceof Pointer) return new Pointer(kernel.space, address, pointer.$typeId);
	throw new UnsupportedError("cannot follow a per-CPU pointer", "it is neither struct nor pointer");
}
new TextDecoder();
// src/kernel/columns.ts
/** Bytes before the first value: the struct's address, and a bit for each value that is missing. */
const RECORD_HEADER = 16;
/**
* Member paths such as `signal.nr_threads` compiled to offsets, and the packed record that holds
* their values. A running kernel fills records in a BPF iterator; any other memory by gathering.
*/
var Columns = class {
	space;
	struct;
	columns;
	/** Bytes of a record, a multiple of 8. */
	stride;
	constructor(space, struct, paths) {
		this.space = space;
		this.struct = struct;
		if (paths.length > 63) throw new UsageError("too many columns", "a record holds 63 at most");
		let at = RECORD_HEADER;
		this.columns = paths.map((path) => {
			const column = compileColumn(space, struct, path, at);
			at += Math.ceil(column.size / 8) * 8;
			return column;
		});
		this.stride = at;
	}
	/**
	* Reads one column of packed records; null where a pointer on the way was NULL or could not be
	* followed. Whoever has very many records reads by cells and makes no rows.
	*/
	cell(records, path) {
		const index = this.columns.findIndex((column) => column.path === path);
		const column = this.columns[index];
		const { at } = column;
		const read = column.isText ? rereading(column) : column.read;
		const missing = 1 << index % 32;
		const little = this.space.btf.littleEndian;
		const missingAt = 8 + (index >= 32 === little ? 4 : 0);
		return (record) => {
			if ((records.getInt32(record + missingAt, little) & missing) !== 0) return null;
			return read(records, record + at, 0n);
		};
	}
	has(path) {
		return this.columns.some((column) => column.path === path);
	}
	/** All rows of packed records. */
	*decodeAll(bytes) {
		const records = viewOf(bytes);
		const cells = this.columns.map(({ path }) => this.cell(records, path));
		for (const at of this.starts(bytes)) {
			const row = { $address: this.address(records, at) };
			this.columns.forEach(({ path }, i) => {
				row[path] = cells[i](at);
			});
			yield row;
		}
	}
	/** Where each record starts. */
	*starts(bytes) {
		for (let at = 0; at + this.stride <= bytes.length; at += this.stride) yield at;
	}
	/** The address of the struct that a record is of. */
	address(records, record) {
		return records.getBigUint64(record, this.space.btf.littleEndian);
	}
	/** The addresses of the structs alone. */
	*addresses(bytes) {
		const records = viewOf(bytes);
		for (const at of this.starts(bytes)) yield this.address(records, at);
	}
	/** Whether a record is of the struct at this address. */
	includes(bytes, address) {
		const records = viewOf(bytes);
		const little = this.space.btf.littleEndian;
		const low = Number(address & 4294967295n);
		const lowAt = little ? 0 : 4;
		for (let at = 0; at + this.stride <= bytes.length; at += this.stride) {
			if (records.getUint32(at + lowAt, little) !== low) continue;
			if (this.address(records, at) === address) return true;
		}
		return false;
	}
	/** Fills the records of the structs at these addresses, a hop of all of them at a time. */
	collect(memory, addresses) {
		const records = new Uint8Array(addresses.length * this.stride);
		const view = new DataView(records.buffer);
		const little = this.space.btf.littleEndian;
		addresses.forEach((address, i) => {
			view.setBigUint64(i * this.stride, address, little);
		});
		this.columns.forEach((column, index) => {
			follow(memory, addresses, column, little).forEach((value, i) => {
				const start = i * this.stride;
				if (value !== void 0) records.set(value, start + column.at);
				else {
					const missing = view.getBigUint64(start + 8, little) | 1n << BigInt(index);
					view.setBigUint64(start + 8, missing, little);
				}
			});
		});
		return records;
	}
};
function compileColumn(space, struct, path, at) {
	const { btf } = space;
	const hops = [];
	let offset = 0;
	let typeId = struct.id;
	for (const name of path.split(".")) {
		let holder = btf.resolve(typeId);
		if (holder.kind === "ptr") {
			hops.push(offset);
			offset = 0;
			holder = btf.resolve(holder.type);
		}
		if (holder.kind !== "struct" && holder.kind !== "union") throw new UsageError(`cannot follow ${path}`, `what stands before ${name} is no struct`);
		const member = btf.findMember(holder, name);
		if (member === void 0) throw noSuchMember(btf, holder, name);
		if (member.bitSize > 0) throw new UsageError(`cannot take ${path} as a column`, "it is a bit-field");
		offset += member.bitOffset / 8;
		typeId = member.type;
	}
	hops.push(offset);
	const size = columnSize(btf, typeId, path);
	const type = btf.resolve(typeId);
	return {
		path,
		hops,
		size,
		at,
		isText: type.kind === "array" && isChar(btf.resolve(type.type)),
		read: compileCell(space, typeId)
	};
}
function viewOf(bytes) {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
/** Threads of a process mostly have the same name: text is decoded where it differs from before. */
function rereading({ size, read }) {
	let last = -1;
	let text;
	return (records, at, address) => {
		if (last === -1 || !equal(records, at, last, size)) text = read(records, at, address);
		last = at;
		return text;
	};
}
function equal(records, a, b, size) {
	for (let i = 0; i < size; i++) if (records.getUint8(a + i) !== records.getUint8(b + i)) return false;
	return true;
}
function compileCell(space, typeId) {
	if (space.btf.resolve(typeId).kind !== "ptr") return compileReader(space, typeId);
	const little = space.btf.littleEndian;
	return (data, at) => data.getBigUint64(at, little);
}
function columnSize(btf, typeId, path) {
	const size = btf.sizeOf(typeId);
	if (size > 0 && size <= 64) return size;
	throw new UsageError(`cannot take ${path} as a column`, `${size} bytes are no small value`);
}
/** The bytes of one column for all structs; undefined where it could not be reached. */
function follow(memory, addresses, { hops, size }, little) {
	let bases = addresses;
	hops.slice(0, -1).forEach((hop) => {
		bases = gatherAt(memory, bases, hop, 8).map((bytes) => {
			const pointer = bytes && new DataView(bytes.buffer).getBigUint64(bytes.byteOffset, little);
			return pointer === 0n ? void 0 : pointer;
		});
	});
	return gatherAt(memory, bases, hops.at(-1), size);
}
function gatherAt(memory, bases, offset, length) {
	const ranges = [];
	const slots = [];
	bases.forEach((base, i) => {
		if (base === void 0) return;
		ranges.push({
			address: base + BigInt(offset),
			length
		});
		slots.push(i);
	});
	const found = new Array(bases.length).fill(void 0);
	memory.gather(ranges).forEach((bytes, i) => {
		if (bytes instanceof Uint8Array) found[slots[i]] = bytes;
	});
	return found;
}
// src/kernel/linked_tasks.ts
/** How often a task is looked at that seems to be on no list: its neighbour may just be leaving. */
const MAX_TRIES$1 = 4;
/**
* The start times of those tasks that are on the list of threads of their process now; undefined for
* tasks that have been released. On a running kernel, a task that was found a moment ago may have
* ended, and its memory may be another's task: that one has another start time.
*/
function startTimesOfLinked(kernel, tasks) {
	const found = new Array(tasks.length).fill(void 0);
	let open = tasks.map((_, i) => i);
	for (let tries = 0; tries < MAX_TRIES$1 && open.length > 0; tries++) {
		linkedStarts(kernel, open.map((i) => tasks[i])).forEach((start, j) => {
			found[open[j]] = start;
		});
		open = open.filter((i) => found[i] === void 0);
	}
	return found;
}
/** `task->thread_node.next->prev == &task->thread_node`, and the start time of these. */
function linkedStarts(kernel, tasks) {
	const { uncached, initTask } = kernel;
	const little = kernel.types.littleEndian;
	const nodeOffset = initTask.$offsetOf("thread_node");
	const startOffset = initTask.$offsetOf("start_boottime");
	const from = Math.min(nodeOffset, startOffset);
	const length = Math.max(nodeOffset, startOffset) + 8 - from;
	const parts = uncached.gather(tasks.map((task) => ({
		address: task + BigInt(from),
		length
	})));
	const word = (i, offset) => {
		const bytes = parts[i];
		if (!(bytes instanceof Uint8Array)) return void 0;
		return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset - from, little);
	};
	const prev = BigInt(kernel.space.struct("list_head").at(0n).$offsetOf("prev"));
	const neighbours = tasks.map((_, i) => ({
		address: (word(i, nodeOffset) ?? 0n) + prev,
		length: 8
	}));
	return uncached.gather(neighbours).map((bytes, i) => {
		if (!(bytes instanceof Uint8Array)) return void 0;
		return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, little) === tasks[i] + BigInt(nodeOffset) ? word(i, startOffset) : void 0;
	});
}
// src/kernel/tasks.ts
/** So many tasks are copied with one gather. */
const BATCH$1 = 64;
/** `for_each_process(p)`: every thread group leader; init_task itself is not among them. */
function* forEachProcess(kernel, walk) {
	yield* taskViews(kernel, "processes", walk);
}
/** `for_each_process_thread(p, t)` (`do_each_thread`, until Linux 6.6): every thread. */
function* forEachProcessThread(kernel, walk) {
	yield* taskViews(kernel, "threads", walk);
}
/**
* `for_each_thread(p, t)`: the threads of a process, by `signal->thread_head` (Linux 3.14, commit
* 0c740d0afc3b), as they are now (the page cache is dropped).
*/
function* forEachThread(kernel, process) {
	kernel.drop();
	const head = deref(process, "signal").$addressOf("thread_head");
	yield* listForEachEntry(kernel.space, head, "task_struct", "thread_node");
}
function* taskViews(kernel, scope, walk) {
	const addresses = [...taskRows(kernel, taskColumns(kernel, []), scope, walk)].map((row) => row.$address);
	for (let first = 0; first < addresses.length; first += BATCH$1) {
		const batch = addresses.slice(first, first + BATCH$1);
		const tasks = kernel.space.manyAt("task_struct", batch);
		const starts = startTimesOfLinked(kernel, batch);
		yield* tasks.filter((task, i) => starts[i] !== void 0 && starts[i] === task.start_boottime);
	}
}
/** The columns of a task_struct with these member paths. */
function taskColumns(kernel, paths) {
	return new Columns(kernel.space, kernel.space.struct("task_struct").type, paths);
}
/** Some members of all tasks as they are now: the page cache is dropped. */
function* taskRows(kernel, columns, scope, walk) {
	for (const records of taskRecords(kernel, columns, scope, walk)) yield* columns.decodeAll(records);
}
/** The same as packed records; much quicker than a view of each where there are very many. */
function taskRecords(kernel, columns, scope, walk = kernel.taskSource === void 0 ? "list" : "iterator") {
	const { taskSource } = kernel;
	kernel.drop();
	if (walk === "list" || taskSource === void 0) return [listedRecords(kernel, columns, listedTasks(kernel, scope))];
	const records = taskSource.records(columns, scope);
	return [missedByIterator(kernel, columns, scope, records), records];
}
/**
* The records of the first process on the list and its threads, should the iterator have passed
* over them: that of some kernels (6.18 as built for a virtual machine) does not show pid 1.
*/
function missedByIterator(kernel, columns, scope, records) {
	const { space, initTask } = kernel;
	const first = containerOf(space, initTask.tasks.next, "task_struct", "tasks").$address;
	if (columns.includes(records, first)) return /* @__PURE__ */ new Uint8Array(0);
	const missed = scope === "processes" ? [first] : threadAddresses(kernel, first);
	return columns.collect(kernel.uncached, missed);
}
/** The records of tasks that were found on the lists, and are still there once they are read. */
function listedRecords(kernel, columns, addresses) {
	const start = taskColumns(kernel, ["start_boottime"]);
	const before = [...start.decodeAll(start.collect(kernel.uncached, addresses))];
	const records = columns.collect(kernel.uncached, addresses);
	const after = startTimesOfLinked(kernel, addresses);
	const { stride } = columns;
	let kept = 0;
	addresses.forEach((_, i) => {
		if (after[i] === void 0 || after[i] !== before[i].start_boottime) return;
		records.copyWithin(kept, i * stride, (i + 1) * stride);
		kept += stride;
	});
	return records.subarray(0, kept);
}
/** The addresses of all tasks by their lists. Throws InconsistentError if a list stays torn. */
function listedTasks(kernel, scope) {
	const { space, initTask } = kernel;
	const offset = BigInt(initTask.$offsetOf("tasks"));
	const tasks = /* @__PURE__ */ new Set();
	for (const node of listNodes(space, initTask.$address + offset)) {
		const leader = node - offset;
		if (scope === "processes") tasks.add(leader);
		else for (const thread of listedThreads(kernel, leader, node)) tasks.add(thread);
	}
	return [...tasks];
}
/** The threads of a process on the list of processes; none, if it is on the list no more. */
function listedThreads(kernel, leader, node) {
	try {
		return threadAddresses(kernel, leader);
	} catch (error) {
		if (!(error instanceof InconsistentError || error instanceof FaultError) || isListed(kernel, node)) throw error;
		return [];
	}
}
function isListed(kernel, node) {
	kernel.drop();
	try {
		return kernel.at("list_head", node).next.prev.$address === node;
	} catch (error) {
		if (error instanceof FaultError) return false;
		throw error;
	}
}
/** The addresses of the threads of the process that a task is of. */
function threadAddresses(kernel, member) {
	const task = kernel.at("task_struct", member);
	const offset = BigInt(task.$offsetOf("thread_node"));
	if (task.signal === null) return [];
	const head = task.signal.$addressOf("thread_head");
	return [...listNodes(kernel.space, head)].map((node) => node - offset);
}
// src/memory/page_cache.ts
const PAGE_SIZE$3 = 4096;
const PAGE_MASK = BigInt(4095);
/** 64 MiB; the oldest pages make room for new ones. */
const MAX_PAGES = 16384;
/**
* Remembers the pages that were read, so that walks over neighbouring structures cost one read per
* page. Memory of a running kernel changes: {@link drop} forgets all pages, and reads larger than
* a few pages pass by the cache.
*/
var PageCache = class {
	below;
	pages = /* @__PURE__ */ new Map();
	constructor(below) {
		this.below = below;
	}
	drop() {
		this.pages.clear();
	}
	read(address, into) {
		if (into.length > 4 * PAGE_SIZE$3) {
			this.below.read(address, into);
			return;
		}
		let done = 0;
		while (done < into.length) {
			const at = address + BigInt(done);
			const offset = Number(at & PAGE_MASK);
			const take = Math.min(PAGE_SIZE$3 - offset, into.length - done);
			into.set(this.page(at - BigInt(offset), at).subarray(offset, offset + take), done);
			done += take;
		}
	}
	page(start, wanted) {
		const known = this.pages.get(start);
		if (known !== void 0) return known;
		const page = new Uint8Array(PAGE_SIZE$3);
		try {
			this.below.read(start, page);
		} catch (error) {
			throw error instanceof FaultError ? new FaultError(wanted, error.why, error.todo) : error;
		}
		this.remember(start, page);
		return page;
	}
	remember(start, page) {
		if (this.pages.size >= MAX_PAGES) for (const oldest of this.pages.keys()) {
			this.pages.delete(oldest);
			break;
		}
		this.pages.set(start, page);
	}
	gather(ranges) {
		this.fetchMissing(ranges);
		return ranges.map((range) => readOrFault(this, range));
	}
	/** Brings all pages that the ranges touch with one gather below. */
	fetchMissing(ranges) {
		const missing = /* @__PURE__ */ new Set();
		for (const { address, length } of ranges) {
			if (length > 4 * PAGE_SIZE$3) continue;
			const end = address + BigInt(length);
			for (let page = address & ~PAGE_MASK; page < end; page += BigInt(PAGE_SIZE$3)) {
				if (!this.pages.has(page)) missing.add(page);
				if (missing.size >= MAX_PAGES) break;
			}
		}
		const starts = [...missing];
		this.below.gather(starts.map((address) => ({
			address,
			length: PAGE_SIZE$3
		}))).forEach((page, i) => {
			if (page instanceof Uint8Array) this.remember(starts[i], page);
		});
	}
};
// src/object/define_struct.ts
/** Makes the class of a type: a property on its prototype for each member that can be named. */
function defineStruct(space, type) {
	class Compiled extends View {
		get $type() {
			return type;
		}
		get $space() {
			return space;
		}
	}
	Object.defineProperty(Compiled, "name", { value: type.name || `anonymous_${type.kind}` });
	const members = membersOf(space, type);
	Object.setPrototypeOf(Compiled.prototype, members);
	if (Object.hasOwn(members, "constructor")) Reflect.deleteProperty(Compiled.prototype, "constructor");
	return {
		type,
		at: (address, bytes) => new Compiled(address, bytes),
		within: (owner, offset) => new Compiled(owner.$address + BigInt(offset), void 0, owner, offset)
	};
}
/**
* An object with all members, between View and the class. While it is no prototype yet, defining a
* member takes a tenth of the time.
*/
function membersOf(space, type) {
	const members = Object.create(View.prototype);
	for (const member of space.btf.flatMembers(type)) if (!Object.hasOwn(members, member.name)) defineMember(space, type, members, member);
	return members;
}
function defineMember(space, type, prototype, member) {
	const offset = Math.floor(member.bitOffset / 8);
	const bigOffset = BigInt(offset);
	let read;
	Object.defineProperty(prototype, member.name, {
		enumerable: true,
		configurable: true,
		get() {
			read ??= compileMember(space, type, member);
			return read(this.$data(), offset, this.$address + bigOffset, this);
		}
	});
}
function compileMember(space, type, member) {
	const { btf } = space;
	const bits = member.bitSize > 0 ? member.bitSize : btf.sizeOf(member.type) * 8;
	if (member.bitOffset + bits > type.size * 8) throw new FormatError(btf.source, 0, `member ${member.name} lies behind the end of its struct`);
	if (member.bitSize > 0) return compileBitField(space, member.type, member.bitOffset, member.bitSize);
	return compileReader(space, member.type);
}
// src/object/space.ts
/** Types and the memory in which their values lie: what a typed view needs. */
var ObjectSpace = class {
	btf;
	memory;
	classes = /* @__PURE__ */ new Map();
	byName = /* @__PURE__ */ new Map();
	constructor(btf, memory) {
		this.btf = btf;
		this.memory = memory;
	}
	/** The compiled class of a struct or union type. */
	classOf(type) {
		let compiled = this.classes.get(type.id);
		if (compiled === void 0) {
			compiled = defineStruct(this, type);
			this.classes.set(type.id, compiled);
		}
		return compiled;
	}
	/**
	* The struct or union `name` (its tag, or the typedef of an anonymous one). Throws
	* {@link NotFoundError} if the kernel has none.
	*/
	struct(name) {
		let known = this.byName.get(name);
		if (known === void 0) {
			known = this.classOf(this.findStruct(name));
			this.byName.set(name, known);
		}
		return known;
	}
	findStruct(name) {
		const tagged = this.btf.find(name, "struct", "union");
		if (tagged !== void 0) return tagged;
		const alias = this.btf.find(name, "typedef");
		const type = alias && this.btf.resolve(alias.id);
		if (type?.kind === "struct" || type?.kind === "union") return type;
		return this.btf.get(name, "struct", "union");
	}
	/** Tells whether this kernel has the struct, and the struct this member. */
	has(struct, member) {
		const type = this.btf.find(struct, "struct", "union");
		return type !== void 0 && this.btf.findMember(type, member) !== void 0;
	}
	/** A view of the struct or union `name` at `address`; nothing is read before it is touched. */
	at(name, address) {
		return this.struct(name).at(address);
	}
	/**
	* Views of `name` at many addresses, read with one gather. What could not be read is left out of
	* the copies: touching such a view throws its fault.
	*/
	manyAt(name, addresses) {
		const type = this.struct(name);
		const length = type.type.size;
		const read = this.memory.gather(addresses.map((address) => ({
			address,
			length
		})));
		return addresses.map((address, i) => {
			const bytes = read[i];
			return type.at(address, bytes instanceof Uint8Array ? bytes : void 0);
		});
	}
};
// src/kernel/find_init_task.ts
/** Nobody is this far from the root of the tree of processes by more than an accident. */
const MAX_ANCESTORS = 1e5;
/**
* `init_task`, the first task: from any other task by following `real_parent` up to the task that
* is its own parent, or by the symbol, which only kernels with CONFIG_KALLSYMS_ALL tell.
*/
function findInitTask(space, anyTask, symbol) {
	const name = "init_task";
	if (anyTask !== void 0) {
		const value = eldest(space, anyTask());
		return {
			name,
			value,
			how: "the task that is its own real_parent, up from the first one of the task iterator",
			checked: checkInitTask(space, value)
		};
	}
	const value = symbol();
	if (value === void 0) throw new UnsupportedError("cannot find init_task", "there is no task iterator, and the symbols do not list it", "use --via bpf, or a kernel built with CONFIG_KALLSYMS_ALL");
	return {
		name,
		value,
		how: "symbol init_task",
		checked: checkInitTask(space, value)
	};
}
function eldest(space, from) {
	let task = space.at("task_struct", from);
	for (let i = 0; i < MAX_ANCESTORS; i++) {
		const parent = task.real_parent;
		if (parent === null || parent.$address === task.$address) return task.$address;
		task = parent;
	}
	throw new InconsistentError(`no init_task above the task at ${hex(from)}`, "its real_parents do not end");
}
/** init_task is swapper/0, pid 0, on CPU 0, and never had an mm; its list comes back to it. */
function checkInitTask(space, address) {
	const task = space.at("task_struct", address);
	const comm = String(task.comm);
	const linked = task.tasks.next?.prev?.$address === task.$addressOf("tasks");
	if (task.pid !== 0 || task.mm !== null || !comm.startsWith("swapper") || !linked) throw new InconsistentError(`what should be init_task at ${hex(address)} is not`, `pid ${task.pid}, comm ${JSON.stringify(comm)}`, "type information and memory may be of different kernels");
	return `pid 0, comm ${comm}, no mm, its task list is linked back to it`;
}
// src/kernel/find_kaslr_offset.ts
/** Without KASLR, x86-64's kernel text starts here: __START_KERNEL_map + CONFIG_PHYSICAL_START. */
const LINKED_TEXT = 18446744071578845184n;
/** CONFIG_PHYSICAL_ALIGN: KASLR moves the image by a multiple of it. */
const KASLR_ALIGN = 1n << 21n;
/**
* By how much KASLR moved the kernel's image: KERNELOFFSET of VMCOREINFO, checked against the
* address of `_stext`, which both VMCOREINFO and kallsyms know.
*/
function findKaslrOffset(vmcoreinfo, stext) {
	const offset = vmcoreinfo.kernelOffset;
	if (offset === void 0) throw new UnsupportedError("cannot tell the KASLR offset", "VMCOREINFO has no KERNELOFFSET");
	const noted = vmcoreinfo.symbol("_stext");
	if (stext !== void 0 && noted !== void 0 && stext !== noted) throw new InconsistentError("cannot tell the KASLR offset", `_stext is at ${hex(noted)} by VMCOREINFO and at ${hex(stext)} by kallsyms`);
	const text = stext ?? noted;
	if (text === void 0 || text - offset !== LINKED_TEXT || offset % KASLR_ALIGN !== 0n) throw new InconsistentError("cannot tell the KASLR offset", `KERNELOFFSET ${hex(offset)} does not fit _stext at ${text === void 0 ? "?" : hex(text)}`);
	return {
		name: "KASLR offset",
		value: offset,
		how: "KERNELOFFSET of VMCOREINFO",
		checked: `_stext at ${hex(text)} is ${hex(LINKED_TEXT)} moved by it`
	};
}
// src/kernel/find_percpu.ts
/**
* The per-CPU areas of all CPUs that a task ran on: each task knows its CPU's run queue, which is
* a per-CPU variable whose place in the section BTF tells. The run queue must name that CPU and its
* idle task, and the area's own `this_cpu_off` must agree.
*/
function findPerCpuAreas(space, section, tasks, possible) {
	const runqueues = section.get("runqueues");
	const bases = /* @__PURE__ */ new Map();
	for (const task of tasks) {
		const queue = runQueueOf(space, task);
		if (queue === void 0 || bases.has(queue.cpu)) continue;
		if (!confirmed(queue.view, queue.cpu)) continue;
		bases.set(queue.cpu, queue.view.$address - BigInt(runqueues.offset));
		if (bases.size >= possible.length) break;
	}
	addByStride(space, bases, possible, runqueues.offset);
	const missing = possible.filter((cpu) => !bases.has(cpu));
	if (bases.size === 0 || missing.length > 0 && missing.includes(0)) throw new UnsupportedError("cannot find the per-CPU areas", "no task leads to a run queue");
	const offsets = readOffsets(space, section, bases);
	const found = [...bases.keys()].sort((a, b) => a - b);
	return {
		name: "per-CPU areas",
		value: {
			bases,
			offsets
		},
		how: `run queues of tasks, and runqueues at +${hex(runqueues.offset)} of BTF's .data..percpu`,
		checked: `rq->cpu, rq->idle and this_cpu_off agree for CPU ${found.join(", ")}${missing.length > 0 ? `; not found: CPU ${missing.join(", ")}` : ""}`
	};
}
/** `task_rq(task)` by its cfs_rq: that is a member of the run queue, or (with groups) names it. */
function runQueueOf(space, task) {
	const cfs = task.se.cfs_rq;
	if (!cfs) return void 0;
	const view = cfs.$has("rq") ? cfs.rq : containerOf(space, cfs, "rq", "cfs");
	return view && {
		cpu: view.cpu,
		view
	};
}
function confirmed(rq, cpu) {
	const idle = rq.idle;
	return idle !== null && idle.pid === 0 && [`swapper/${cpu}`, "swapper"].includes(idle.comm);
}
/** CPUs that no task is on: the first chunk's areas are equally far apart; the guess is confirmed. */
function addByStride(space, bases, possible, runqueues) {
	const [first, second] = [...bases.keys()].sort((a, b) => a - b);
	if (first === void 0 || second === void 0) return;
	const stride = (bases.get(second) - bases.get(first)) / BigInt(second - first);
	for (const cpu of possible) {
		if (bases.has(cpu)) continue;
		const base = bases.get(first) + BigInt(cpu - first) * stride;
		if (plausible(space.at("rq", base + BigInt(runqueues)), cpu)) bases.set(cpu, base);
	}
}
function plausible(rq, cpu) {
	try {
		return rq.cpu === cpu && confirmed(rq, cpu);
	} catch {
		return false;
	}
}
/**
* `this_cpu_off` of each area is `__per_cpu_offset[cpu]`. All areas must be equally far from it,
* namely by `__per_cpu_start`: 0 on x86-64 before Linux 6.15, an address of the image since then.
*/
function readOffsets(space, section, bases) {
	const thisCpuOff = section.get("this_cpu_off");
	const offsets = /* @__PURE__ */ new Map();
	let start;
	for (const [cpu, base] of bases) {
		const bytes = /* @__PURE__ */ new Uint8Array(8);
		space.memory.read(base + BigInt(thisCpuOff.offset), bytes);
		const offset = new DataView(bytes.buffer).getBigUint64(0, space.btf.littleEndian);
		const distance = BigInt.asUintN(64, base - offset);
		start ??= distance;
		if (distance !== start) throw new UnsupportedError("cannot find the per-CPU areas", `CPU ${cpu}'s this_cpu_off ${hex(offset)} does not fit its area at ${hex(base)}`);
		offsets.set(cpu, offset);
	}
	return offsets;
}
// src/kernel/find_thread_size.ts
const PAGE_SIZE$2 = 4096;
/**
* THREAD_SIZE, the bytes of a kernel stack: the size of `union thread_union`, where BTF has it, or
* the pages of the area in which a task's stack was mapped (CONFIG_VMAP_STACK, Linux 4.9).
*/
function findThreadSize(space, task) {
	const name = "THREAD_SIZE";
	const union = space.btf.find("thread_union", "union");
	const area = task.$has("stack_vm_area") ? task.stack_vm_area : null;
	const mapped = area === null ? void 0 : area.nr_pages * PAGE_SIZE$2;
	const value = union?.size ?? mapped;
	if (value === void 0) throw new UnsupportedError("cannot tell THREAD_SIZE", "BTF has no thread_union, and stacks are not mapped one by one");
	if (mapped !== void 0 && mapped !== value || (value & value - 1) !== 0) throw new UnsupportedError("cannot tell THREAD_SIZE", `${value} does not fit a stack's area`);
	return {
		name,
		value,
		how: union === void 0 ? "pages of stack_vm_area of the first task" : "size of thread_union",
		checked: mapped === void 0 ? "it is a power of two" : "a stack is mapped with so many pages"
	};
}
// src/kernel/vmcoreinfo.ts
const NOTE_NAME = "VMCOREINFO";
/**
* VMCOREINFO: lines of text that the kernel writes for crash dump tools, such as
* `SYMBOL(_stext)=ffffffff81000000` (kernel/vmcore_info.c, kernel/crash_core.c before Linux 6.9).
*/
var Vmcoreinfo = class {
	text;
	values = /* @__PURE__ */ new Map();
	constructor(text) {
		this.text = text;
		for (const line of text.split("\n")) {
			const equals = line.indexOf("=");
			if (equals > 0) this.values.set(line.slice(0, equals), line.slice(equals + 1));
		}
	}
	/** The value of a plain line, such as `OSRELEASE`. */
	get(key) {
		return this.values.get(key);
	}
	/** `SYMBOL(name)`: an address, written in hexadecimal. */
	symbol(name) {
		return parseHex(this.values.get(`SYMBOL(${name})`));
	}
	/** `NUMBER(name)`, written in decimal or, with 0x, in hexadecimal. */
	number(name) {
		const text = this.values.get(`NUMBER(${name})`);
		if (text === void 0 || !/^-?\d+$|^0x[0-9a-f]+$/i.test(text)) return void 0;
		return BigInt(text);
	}
	/** `KERNELOFFSET`: by how much KASLR moved the kernel's image, written in hexadecimal. */
	get kernelOffset() {
		return parseHex(this.values.get("KERNELOFFSET"));
	}
};
function parseHex(text) {
	return text !== void 0 && /^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : void 0;
}
/**
* The text within an ELF note of name VMCOREINFO (`struct elf_note` with its three 32-bit words),
* or undefined if the bytes are no such note.
*/
function parseVmcoreinfoNote(note, littleEndian = true) {
	if (note.length < 24) return void 0;
	const view = new DataView(note.buffer, note.byteOffset, note.byteLength);
	const nameSize = view.getUint32(0, littleEndian);
	const textSize = view.getUint32(4, littleEndian);
	if (nameSize !== 11 || cString(note.subarray(12, 23)) !== NOTE_NAME) return;
	const start = 12 + Math.ceil(nameSize / 4) * 4;
	return new Vmcoreinfo(cString(note.subarray(start, start + textSize)));
}
// src/kernel/find_vmcoreinfo.ts
/** VMCOREINFO_NOTE_SIZE is a page on every architecture so far. */
const NOTE_SIZE = 4096;
/** KASLR places the direct map at a multiple of 1 GiB (PUD_SIZE) on x86-64. */
const DIRECT_MAP_ALIGN = 1n << 30n;
/** The direct map of x86-64 with 4 levels starts at or above this, with 5 levels far below it. */
const LARGEST_RAM = 1n << 46n;
/** How many candidates are tried with one gather. */
const BATCH = 4096;
/**
* PAGE_OFFSET and VMCOREINFO, which confirm each other: VMCOREINFO lies at a known physical
* address, and the direct map shows physical address 0 at PAGE_OFFSET. PAGE_OFFSET is the value of
* the variable `page_offset_base`, or it is looked for below the address of an object that lies in
* the direct map, such as a task.
*/
function findDirectMap(memory, release, physical, pageOffsetVariable, inDirectMap) {
	const known = pageOffsetVariable !== void 0 ? [pageOffsetVariable] : [];
	for (const candidates of batches(known, inDirectMap)) {
		const ranges = candidates.map((base) => ({
			address: base + physical,
			length: NOTE_SIZE
		}));
		const index = memory.gather(ranges).findIndex((note) => isNoteOf(note, release));
		if (index === -1) continue;
		const pageOffset = candidates[index];
		return describe$1(memory, release, physical, pageOffset, pageOffset === pageOffsetVariable ? "variable page_offset_base" : `VMCOREINFO looked for at physical ${hex(physical)} below a task's address`);
	}
	throw new UnsupportedError("cannot find PAGE_OFFSET", `no VMCOREINFO of ${release} at physical ${hex(physical)} in any direct map`, "encrypted or unmapped VMCOREINFO, or an architecture that is not known yet");
}
/** What page_offset_base says comes first; then every possible base, the nearest first. */
function* batches(known, inDirectMap) {
	if (known.length > 0) yield [...known];
	const nearest = inDirectMap & ~(DIRECT_MAP_ALIGN - 1n);
	const count = Number(LARGEST_RAM / DIRECT_MAP_ALIGN);
	for (let first = 0, size = 64; first < count; first += size, size = BATCH) yield Array.from({ length: size }, (_, i) => nearest - BigInt(first + i) * DIRECT_MAP_ALIGN);
}
function isNoteOf(bytes, release) {
	if (!(bytes instanceof Uint8Array)) return false;
	return parseVmcoreinfoNote(bytes)?.get("OSRELEASE") === release;
}
function describe$1(memory, release, physical, pageOffset, how) {
	const note = parseVmcoreinfoNote(readBytes(memory, pageOffset + physical, NOTE_SIZE));
	return {
		pageOffset: {
			name: "PAGE_OFFSET",
			value: pageOffset,
			how,
			checked: `VMCOREINFO of ${release} lies at PAGE_OFFSET + ${hex(physical)}`
		},
		vmcoreinfo: {
			name: "VMCOREINFO",
			value: note,
			how: `/sys/kernel/vmcoreinfo names physical ${hex(physical)}`,
			checked: `its OSRELEASE is ${release}`
		}
	};
}
// src/kernel/bootstrap.ts
/** Finds out what a kernel does not tell by itself, each fact when it is first needed. */
var Bootstrap = class {
	kernel;
	hints;
	found = /* @__PURE__ */ new Map();
	constructor(kernel, hints) {
		this.kernel = kernel;
		this.hints = hints;
	}
	once(name, find) {
		if (!this.found.has(name)) this.found.set(name, find());
		return this.found.get(name);
	}
	get initTask() {
		return this.once("initTask", () => {
			const { space } = this.kernel;
			return findInitTask(space, this.hints.anyTask, () => this.symbol("init_task"));
		});
	}
	get directMap() {
		return this.once("directMap", () => {
			const { memory } = this.kernel;
			const { release, vmcoreinfoPhysical } = this.hints;
			if (vmcoreinfoPhysical === void 0) throw new UnsupportedError("cannot find PAGE_OFFSET", "nothing tells where VMCOREINFO is", "it needs a kernel built with CONFIG_VMCORE_INFO, and /sys/kernel/vmcoreinfo");
			return findDirectMap(memory, release, vmcoreinfoPhysical, this.variable64("page_offset_base"), this.firstTask.$address);
		});
	}
	get kaslrOffset() {
		return this.once("kaslrOffset", () => {
			const stext = this.symbol("_stext");
			return findKaslrOffset(this.directMap.vmcoreinfo.value, stext);
		});
	}
	get perCpu() {
		return this.once("perCpu", () => {
			const { space, perCpuSection } = this.kernel;
			return findPerCpuAreas(space, perCpuSection, this.processes(), this.hints.possibleCpus);
		});
	}
	get threadSize() {
		return this.once("threadSize", () => findThreadSize(this.kernel.space, this.firstTask));
	}
	/** The first process on the list of init_task: pid 1. */
	get firstTask() {
		const { space, initTask } = this.kernel;
		return containerOf(space, initTask.tasks.next, "task_struct", "tasks");
	}
	/** init_task and the processes on its list. */
	*processes() {
		const { space, initTask } = this.kernel;
		yield initTask;
		yield* listForEachEntry(space, initTask.$addressOf("tasks"), "task_struct", "tasks");
	}
	/** Symbols help, but nothing depends on them: with kptr_restrict 2 not even root sees them. */
	symbol(name) {
		try {
			return this.kernel.symbols.find(name)?.address;
		} catch (error) {
			if (error instanceof PermissionError) return void 0;
			throw error;
		}
	}
	variable64(name) {
		const address = this.symbol(name);
		if (address === void 0) return void 0;
		const bytes = /* @__PURE__ */ new Uint8Array(8);
		this.kernel.memory.read(address, bytes);
		return new DataView(bytes.buffer).getBigUint64(0, this.kernel.types.littleEndian);
	}
	/** Every fact; an error in the place of one that cannot be found. */
	all() {
		return [
			() => this.initTask,
			() => this.directMap.vmcoreinfo,
			() => this.directMap.pageOffset,
			() => this.kaslrOffset,
			() => this.perCpu,
			() => this.threadSize
		].map((find) => {
			try {
				return find();
			} catch (error) {
				if (error instanceof Error) return error;
				throw error;
			}
		});
	}
};
// src/kernel/percpu_section.ts
/** The variables of the section `.data..percpu`, which BTF lists (Linux 5.9, commit 55e87b0e8b8c). */
var PerCpuSection = class {
	btf;
	variables = /* @__PURE__ */ new Map();
	constructor(btf) {
		this.btf = btf;
		const section = btf.find(".data..percpu", "datasec");
		for (const { type, offset } of section?.vars ?? []) {
			const variable = btf.type(type);
			if (variable.kind === "var") this.variables.set(variable.name, {
				typeId: variable.type,
				offset
			});
		}
	}
	/** Throws {@link NotFoundError}; a static variable of a module is not listed. */
	get(name) {
		const variable = this.variables.get(name);
		if (variable !== void 0) return variable;
		throw new NotFoundError(`no per-CPU variable ${name}`, nearestNames(name, this.variables.keys()), `${this.btf.source} lists none of this name`);
	}
};
// src/kernel/xarray.ts
/**
* The XArray (include/linux/xarray.h, Linux 4.20): a tree of nodes with 64 (or, in small kernels,
* 16) slots each. An entry whose lowest bits are 10 is internal: larger than 4096 it is a pointer
* to a node, else a sibling, retry or zero entry. Radix trees and IDRs are XArrays underneath.
*/
const isInternal = (entry) => (entry & 3n) === 2n;
const isNode = (entry) => isInternal(entry) && entry > 4096n;
const nodeAddress = (entry) => entry - 2n;
/** Of a tree of 64-bit indexes, even with 16 slots a node. */
const MAX_DEPTH = 16;
const MAX_SHIFT = 60;
/** How often a lookup is done again because the tree changed meanwhile. */
const MAX_TRIES = 10;
/**
* `xa_load(xa, index)`: the entry, or 0 where there is none. A tree that changed meanwhile is looked
* at again; if that does not help, {@link InconsistentError} or {@link FaultError}.
*/
function xaLoad(space, xarray, index) {
	for (let tries = 1;; tries++) try {
		return load$2(space, xarray, index);
	} catch (error) {
		if (!(error instanceof InconsistentError || error instanceof FaultError) || tries === MAX_TRIES) throw error;
		space.memory.drop?.();
	}
}
function load$2(space, xarray, index) {
	let entry = headOf(space, xarray);
	if (!isNode(entry)) return index === 0n && !isInternal(entry) ? entry : 0n;
	let rest = index;
	let from = ROOT;
	while (isNode(entry)) {
		const node = nodeAt(space, entry, from);
		const slots = slotsOf(node);
		const shift = BigInt(node.shift);
		const slot = Number(rest >> shift);
		if (slot >= slots.length) return 0n;
		rest &= (1n << shift) - 1n;
		from = {
			node: node.$address,
			offset: slot,
			depth: from.depth + 1
		};
		entry = siblingOf(slots, slots[slot]);
	}
	return isInternal(entry) ? 0n : entry;
}
/** A multi-index entry stands in its first slot; the other slots name that one. */
function siblingOf(slots, entry) {
	return isInternal(entry) && entry >> 2n < BigInt(slots.length) ? slots[Number(entry >> 2n)] : entry;
}
/** `idr_find(idr, id)`: what an id stands for, or 0. `idr_base` is part of the IDR since 4.17. */
function idrFind(space, idr, id) {
	const view = space.at("idr", idr);
	const index = BigInt(id) - BigInt(view.idr_base);
	if (index < 0n) return 0n;
	return xaLoad(space, view.idr_rt.$address, index);
}
function headOf(space, xarray) {
	return space.at("xarray", xarray).xa_head?.$address ?? 0n;
}
/** The head of the tree. */
const ROOT = {
	node: 0n,
	offset: 0,
	depth: 0
};
function nodeAt(space, entry, from) {
	const node = space.at("xa_node", nodeAddress(entry));
	const parent = node.parent?.$address ?? 0n;
	const isLinked = parent === from.node && (parent === 0n || node.offset === from.offset);
	if (!isLinked || from.depth > MAX_DEPTH || node.shift > MAX_SHIFT) throw new InconsistentError(`the XArray is torn at ${hex(node.$address)}`, isLinked ? `depth ${from.depth} and shift ${node.shift} cannot be` : `it is in slot ${from.offset} of ${hex(from.node)}, but says slot ${node.offset} of ${hex(parent)}`, "it changed while it was read, or memory is damaged; read it again");
	return node;
}
function slotsOf(node) {
	return node.slots.map((slot) => slot?.$address ?? 0n);
}
// src/kernel/pid.ts
/** `enum pid_type`: PIDTYPE_PID. */
const PIDTYPE_PID = 0;
/** MAX_PID_NS_LEVEL (include/linux/pid_namespace.h) */
const MAX_PID_NS_LEVEL = 32;
/**
* `find_task_by_pid_ns(pid, ns)`: through the IDR of the namespace (Linux 4.15, commit
* 95846ecf9dac); the initial namespace unless another one is given. It looks at memory as it is now
* (the page cache is dropped).
*/
function findTask(kernel, pid, namespace = initPidNs(kernel)) {
	if (pid === 0) return kernel.initTask;
	kernel.drop();
	const entry = idrFind(kernel.space, namespace.idr.$address, pid);
	return entry === 0n ? void 0 : pidTask(kernel, kernel.at("pid", entry));
}
/** `pid_task(pid, PIDTYPE_PID)`: the first task on the pid's list. */
function pidTask(kernel, pid) {
	const node = pid.tasks[PIDTYPE_PID].first;
	if (node === null) return void 0;
	return containerOf(kernel.space, node, "task_struct", `pid_links[${PIDTYPE_PID}]`);
}
/** `init_pid_ns`: the namespace of init_task's own pid. */
function initPidNs(kernel) {
	return deref(deref(kernel.initTask, "nsproxy"), "pid_ns_for_children");
}
/** `task_active_pid_ns(task)`: the namespace in which the task has its innermost pid. */
function taskActivePidNs(task) {
	const pid = task.thread_pid;
	return pid === null ? null : pid.numbers.$at(levelOf(pid)).ns;
}
/** `pid_nr_ns(pid, ns)`: 0 where the pid is not visible in the namespace. */
function pidNrNs(pid, namespace) {
	if (pid === null || namespace.level > pid.level) return 0;
	const upid = pid.numbers.$at(levelOf(namespace));
	return upid.ns?.$address === namespace.$address ? upid.nr : 0;
}
/** How deep a pid or a namespace is. */
function levelOf(view) {
	if (view.level <= MAX_PID_NS_LEVEL) return view.level;
	throw new InconsistentError(`what should be a ${view.$type.name} at ${hex(view.$address)} is none`, `level ${view.level} cannot be`, "it was freed meanwhile, or memory is damaged; read it again");
}
// src/kernel/kernel.ts
/**
* A kernel that can be looked into: its types, symbols and memory, and what follows from them.
* Functions named as the kernel's own are here and in the modules beside this one.
*/
var Kernel = class {
	parts;
	types;
	/** Remembers the pages that were read until {@link drop}. */
	memory;
	/** Remembers nothing; for large reads. */
	uncached;
	space;
	source;
	taskSource;
	userMemory;
	boot;
	symbolTable;
	perCpuVariables;
	constructor(parts) {
		this.parts = parts;
		this.types = parts.types;
		this.source = parts.source;
		this.taskSource = parts.tasks;
		this.userMemory = parts.userMemory;
		this.uncached = parts.memory;
		this.memory = new PageCache(parts.memory);
		this.space = new ObjectSpace(parts.types, this.memory);
		this.boot = new Bootstrap(this, parts.hints);
	}
	get symbols() {
		this.symbolTable ??= this.parts.symbols();
		return this.symbolTable;
	}
	/** The per-CPU variables of the kernel's image. */
	get perCpuSection() {
		this.perCpuVariables ??= new PerCpuSection(this.types);
		return this.perCpuVariables;
	}
	/** `uname -r` */
	get release() {
		return this.parts.hints.release;
	}
	/** `init_task`: swapper/0, where the list of all processes starts. */
	get initTask() {
		return this.space.at("task_struct", this.boot.initTask.value);
	}
	/** `current`, of whoever asks: the main thread of this very process, on the running kernel. */
	get current() {
		const { ownTask } = this.parts;
		if (ownTask !== void 0) return this.at("task_struct", ownTask());
		const { ownPid } = this.parts.hints;
		const task = ownPid === void 0 ? void 0 : this.findTask(ownPid);
		if (task !== void 0) return task;
		throw new UnsupportedError("no current task", `${this.source} does not show this process`);
	}
	/** PAGE_OFFSET: where the direct map of physical memory starts. */
	get pageOffset() {
		return this.boot.directMap.pageOffset.value;
	}
	get vmcoreinfo() {
		return this.boot.directMap.vmcoreinfo.value;
	}
	/** By how much KASLR moved the kernel's image. */
	get kaslrOffset() {
		return this.boot.kaslrOffset.value;
	}
	/** The CPUs whose per-CPU areas are known, in order. */
	get cpus() {
		return [...this.boot.perCpu.value.bases.keys()].sort((a, b) => a - b);
	}
	/** Where the per-CPU section of a CPU starts. Throws {@link UnsupportedError}. */
	perCpuBase(cpu) {
		return this.ofCpu(this.boot.perCpu.value.bases, cpu);
	}
	/** `__per_cpu_offset[cpu]` */
	perCpuOffset(cpu) {
		return this.ofCpu(this.boot.perCpu.value.offsets, cpu);
	}
	ofCpu(areas, cpu) {
		const area = areas.get(cpu);
		if (area !== void 0) return area;
		throw new UnsupportedError(`no per-CPU area of CPU ${cpu}`, `this kernel has CPU ${this.cpus}`);
	}
	/** THREAD_SIZE: bytes of a kernel stack. */
	get threadSize() {
		return this.boot.threadSize.value;
	}
	/** How everything that had to be found out was found, for `--debug`. Finds what is not yet. */
	facts() {
		return this.boot.all();
	}
	/** The struct or union `name` at an address; nothing is read before it is touched. */
	at(name, address) {
		return this.space.at(name, address);
	}
	/** `container_of(inner, struct name, member)` */
	containerOf(inner, name, member) {
		return containerOf(this.space, inner, name, member);
	}
	/** `per_cpu(name, cpu)`: a per-CPU variable's value on a CPU. */
	perCpu(name, cpu) {
		return perCpu(this, name, cpu);
	}
	/** `per_cpu_ptr(pointer, cpu)`: what a per-CPU pointer points to on a CPU. */
	perCpuPtr(pointer, cpu) {
		return perCpuPtr(this, pointer, cpu);
	}
	/** `for_each_process(p)` */
	forEachProcess(walk) {
		return forEachProcess(this, walk);
	}
	/** `for_each_process_thread(p, t)`: every thread of every process. */
	forEachProcessThread(walk) {
		return forEachProcessThread(this, walk);
	}
	/** `for_each_thread(p, t)`: the threads of one process. */
	forEachThread(process) {
		return forEachThread(this, process);
	}
	/** The task with this pid (in the initial pid namespace), or undefined. */
	findTask(pid) {
		return findTask(this, pid);
	}
	/** Forgets all pages read so far. */
	drop() {
		this.memory.drop();
	}
	[Symbol.dispose]() {
		this.parts.resources?.[Symbol.dispose]();
	}
};
// src/live/cpu_list.ts
/** `0-3,8` as the kernel's cpulist format, as numbers. */
function parseCpuList(text) {
	return text.trim().split(",").flatMap((range) => {
		const [first, last] = range.split("-").map(Number);
		if (first === void 0 || Number.isNaN(first)) return [];
		return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
	});
}
// src/live/hints.ts
/** What /proc and /sys tell of the running kernel beforehand. */
function liveHints() {
	const physical = vmcoreinfoPhysical();
	return {
		release: readFileSync("/proc/sys/kernel/osrelease", "utf8").trim(),
		possibleCpus: parseCpuList(readFileSync("/sys/devices/system/cpu/possible", "utf8")),
		...isInitialPidNamespace() ? { ownPid: process.pid } : {},
		...physical === void 0 ? {} : { vmcoreinfoPhysical: physical }
	};
}
/** The initial namespace has a fixed inode number: PROC_PID_INIT_INO (include/linux/proc_ns.h). */
function isInitialPidNamespace() {
	return readlinkSync("/proc/self/ns/pid") === `pid:[4026531836]`;
}
/** /sys/kernel/vmcoreinfo holds the physical address of the note and its size. */
function vmcoreinfoPhysical() {
	try {
		const [address] = readFileSync("/sys/kernel/vmcoreinfo", "utf8").split(" ");
		return address !== void 0 && /^0x[0-9a-f]+$/.test(address) ? BigInt(address) : void 0;
	} catch {
		return;
	}
}
// src/linux/errno.ts
/** Kernel-internal (include/linux/errno.h), yet bpf(2) returns it. */
const ENOTSUPP = 524;
/** A system call failed. */
var SysError = class extends KsightError {
	syscall;
	errno;
	/** The name of the errno: `EPERM`. */
	code;
	constructor(syscall, errno, why, todo) {
		const code = errnoName(errno);
		super(syscall, why === void 0 ? `${code}: ${errnoText(errno)}` : `${code}: ${why}`, todo);
		this.syscall = syscall;
		this.errno = errno;
		this.code = code;
	}
};
function errnoName(errno) {
	if (errno === ENOTSUPP) return "ENOTSUPP";
	for (const [name, number] of Object.entries(constants.errno)) if (number === errno) return name;
	return `errno ${errno}`;
}
function errnoText(errno) {
	if (errno === ENOTSUPP) return "operation is not supported";
	return getSystemErrorMap().get(-errno)?.[1] ?? "the system call failed";
}
// src/linux/syscalls.ts
/**
* Numbers of the system calls used here, per architecture: arch/x86/entry/syscalls/syscall_64.tbl,
* and include/uapi/asm-generic/unistd.h for the architectures that came later.
*/
const X64 = {
	read: 0,
	close: 3,
	mmap: 9,
	munmap: 11,
	ioctl: 16,
	perf_event_open: 298,
	process_vm_readv: 310,
	bpf: 321
};
const GENERIC = {
	read: 63,
	close: 57,
	mmap: 222,
	munmap: 215,
	ioctl: 29,
	perf_event_open: 241,
	process_vm_readv: 270,
	bpf: 280
};
/** By Node's `process.arch`; all of them are little-endian and have 64-bit longs. */
const SYSCALL_NUMBERS = {
	x64: X64,
	arm64: GENERIC,
	riscv64: GENERIC,
	loong64: GENERIC
};
// src/linux/ffi.ts
let loaded;
/** Loads the FFI when it is first needed: it takes 8 ms, and much of ksight works without it. */
function ffi() {
	loaded ??= load$1();
	return loaded;
}
function load$1() {
	const numbers = process.platform === "linux" ? SYSCALL_NUMBERS[process.arch] : void 0;
	if (numbers === void 0) throw new UnsupportedError("cannot make system calls", `${process.platform} on ${process.arch} is not supported`, `use Linux on ${Object.keys(SYSCALL_NUMBERS).join(", ")}, or open a memory image`);
	const module = requireKoffi();
	const libc = module.load(null);
	const word = "intptr_t";
	return {
		numbers,
		koffi: module,
		syscall: libc.func("syscall", "long", [
			"long",
			word,
			word,
			word,
			word,
			word,
			word
		])
	};
}
function requireKoffi() {
	try {
		return createRequire(import.meta.url)("koffi");
	} catch (error) {
		throw new UnsupportedError("cannot make system calls", `the module koffi does not load (${error.message.split("\n")[0]})`, "install it for this system with npm install koffi");
	}
}
/**
* `long syscall(long number, ...)` of the C library. Pass addresses from {@link addressOf}.
* Throws {@link SysError}.
*/
function syscall(name, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) {
	const { numbers, syscall, koffi } = ffi();
	const result = syscall(numbers[name], a, b, c, d, e, f);
	if (result === -1) throw new SysError(name, koffi.errno());
	return result;
}
/**
* Where these bytes are in this process's memory. They stay there; the caller must keep `bytes`
* reachable for as long as the address is used.
*/
function addressOf(bytes) {
	bytes.buffer;
	return Number(ffi().koffi.address(bytes));
}
/** Memory of this process as a buffer, without a copy. It must stay mapped while the buffer lives. */
function viewMemory(address, length) {
	return ffi().koffi.view(BigInt(address), length);
}
// src/linux/fd.ts
/** A file descriptor that this object owns, and closes once. */
var Fd = class {
	open = true;
	owned;
	constructor(fd) {
		this.owned = fd;
	}
	/** The descriptor; throws once it is closed, because the number may then be somebody else's. */
	get number() {
		if (!this.open) throw new UsageError(`file descriptor ${this.owned}`, "it is closed already");
		return this.owned;
	}
	/** `read(2)`: how many bytes were put into `buffer`; 0 at the end. Throws SysError. */
	read(buffer) {
		return syscall("read", this.number, addressOf(buffer), buffer.length);
	}
	[Symbol.dispose]() {
		if (!this.open) return;
		this.open = false;
		syscall("close", this.owned);
	}
};
// src/linux/mmap.ts
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const NO_BYTES = /* @__PURE__ */ new Uint8Array(0);
/** Gives address space back once no JavaScript object can reach it any more. */
const unreachable = new FinalizationRegistry(({ address, length }) => {
	syscall("munmap", address, length);
});
/**
* A file mapped into this process with `mmap(2)`.
*
* JavaScript cannot take back an array it has handed out, and an array over unmapped memory
* crashes the process when touched. So disposal does not leave a hole: it lays anonymous pages,
* which read as zero, over the mapping. The file is released at once, `bytes` becomes empty, and
* arrays taken from it before stay harmless; their address space goes when they are collected.
* A mapping that is not disposed lives as long as an array over it.
*/
var Mapping = class {
	range;
	view;
	/** Throws SysError. */
	constructor(fd, length, options = {}) {
		const { writable = false, shared = true, offset = 0 } = options;
		const address = syscall("mmap", 0, length, writable ? 3 : PROT_READ, shared ? MAP_SHARED : MAP_PRIVATE, fd, offset);
		this.range = {
			address,
			length
		};
		const buffer = viewMemory(address, length);
		unreachable.register(buffer, this.range);
		this.view = new Uint8Array(buffer);
	}
	/** The mapped memory; empty after disposal. */
	get bytes() {
		return this.view;
	}
	[Symbol.dispose]() {
		if (this.view === NO_BYTES) return;
		this.view = NO_BYTES;
		const { address, length } = this.range;
		syscall("mmap", address, length, 3, 50, -1, 0);
	}
};
// src/linux/capabilities.ts
/** The effective capabilities of this process, from /proc/self/status. */
function effectiveCapabilities() {
	const bits = BigInt(`0x${statusField("CapEff")}`);
	return new Set(CAPABILITY_NAMES.filter((_, number) => bits >> BigInt(number) & 1n));
}
/** Whether a seccomp filter may refuse system calls of this process. */
function hasSeccompFilter() {
	return statusField("Seccomp") === "2";
}
/** Whether this is the initial user namespace, the only one where capabilities open BPF. */
function inInitialUserNamespace() {
	const wholeRange = [
		"0",
		"0",
		"4294967295"
	];
	const [first, ...rest] = readFileSync("/proc/self/uid_map", "utf8").trim().split("\n");
	return rest.length === 0 && first?.trim().split(/\s+/).join() === wholeRange.join();
}
function statusField(name) {
	const status = readFileSync("/proc/self/status", "utf8");
	return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "0";
}
// src/bpf/bpf_error.ts
const NEEDED = ["CAP_BPF", "CAP_PERFMON"];
const LOCKDOWN = "/sys/kernel/security/lockdown";
/** What a failure of bpf(2) means to a user. */
function bpfError(error) {
	switch (error.code) {
		case "EPERM": return denied(error.syscall, obstacle() ?? seccomp() ?? UNKNOWN);
		case "ENOSYS": return new UnsupportedError(error.syscall, "this kernel has no bpf(2)", "use a kernel with CONFIG_BPF_SYSCALL=y, or a memory image");
		default: return error;
	}
}
const UNKNOWN = {
	why: "EPERM, though no right is missing",
	todo: "this kernel or a security module forbids it to everyone"
};
/**
* What it means that the verifier does not know a helper function: the kernel shows those that
* read its memory only to who may use them. Undefined if this process may.
*/
function helperDenied(programName) {
	const found = obstacle();
	return found && denied(`BPF program ${programName}`, found);
}
function denied(what, { why, todo }) {
	return new PermissionError(what, why, todo);
}
function obstacle() {
	return missingCapabilities() ?? userNamespace() ?? lockdown();
}
function missingCapabilities() {
	const effective = effectiveCapabilities();
	const missing = NEEDED.filter((name) => !effective.has(name));
	if (missing.length === 0 || effective.has("CAP_SYS_ADMIN")) return void 0;
	return {
		why: `it needs the capabilities ${NEEDED.join(" and ")}, and this process lacks ${missing.join(" and ")}`,
		todo: `use sudo, or grant them: sudo setcap cap_bpf,cap_perfmon=ep ${process.execPath}`
	};
}
function userNamespace() {
	if (inInitialUserNamespace()) return void 0;
	return {
		why: `${NEEDED.join(" and ")} count only in the initial user namespace`,
		todo: "run ksight on the host, outside of the container"
	};
}
/** Kernel lockdown; at `confidentiality` no program may read kernel memory. */
function lockdown() {
	if (!existsSync(LOCKDOWN)) return void 0;
	if (!readFileSync(LOCKDOWN, "utf8").includes("[confidentiality]")) return void 0;
	return {
		why: `the kernel is locked down (${LOCKDOWN} says confidentiality)`,
		todo: "boot with lockdown=integrity or none"
	};
}
function seccomp() {
	if (!hasSeccompFilter()) return void 0;
	return {
		why: "a seccomp filter, perhaps that of a container, refuses it",
		todo: "allow bpf(2) in the seccomp profile, or run ksight on the host"
	};
}
// src/bpf/bpf.ts
/** `enum bpf_cmd` of include/uapi/linux/bpf.h, as far as used here. */
const COMMANDS = {
	BPF_MAP_CREATE: 0,
	BPF_MAP_LOOKUP_ELEM: 1,
	BPF_MAP_UPDATE_ELEM: 2,
	BPF_MAP_DELETE_ELEM: 3,
	BPF_MAP_GET_NEXT_KEY: 4,
	BPF_PROG_LOAD: 5,
	BPF_PROG_TEST_RUN: 10,
	BPF_BTF_LOAD: 18,
	BPF_LINK_CREATE: 28,
	BPF_ITER_CREATE: 33
};
/**
* A `union bpf_attr`, filled in by offset; offsets are those of the struct of its command. It keeps
* the memory that it points to reachable, so it can be built once and used for many calls.
*/
var BpfAttr = class {
	size;
	address;
	view;
	targets = /* @__PURE__ */ new Map();
	constructor(size) {
		this.size = size;
		const bytes = new Uint8Array(size);
		this.address = addressOf(bytes);
		this.view = new DataView(bytes.buffer);
	}
	u32(offset, value) {
		this.view.setUint32(offset, value, true);
		return this;
	}
	u64(offset, value) {
		this.view.setBigUint64(offset, value, true);
		return this;
	}
	pointer(offset, target) {
		this.targets.set(offset, target);
		return this.u64(offset, BigInt(addressOf(target)));
	}
	/** An object's name; the kernel takes letters, digits, `_` and `.`. */
	name(offset, name) {
		for (let i = 0; i < Math.min(name.length, 15); i++) this.view.setUint8(offset + i, name.charCodeAt(i));
		return this;
	}
	getU32(offset) {
		return this.view.getUint32(offset, true);
	}
};
/**
* `int bpf(int cmd, union bpf_attr *attr, unsigned int size)`. Throws PermissionError,
* UnsupportedError, or SysError where the errno says it all.
*/
function bpf(command, attr) {
	try {
		return syscall("bpf", COMMANDS[command], attr.address, attr.size);
	} catch (error) {
		if (error instanceof SysError) throw bpfError(new SysError(`bpf ${command}`, error.errno));
		throw error;
	}
}
// src/bpf/map.ts
/** `enum bpf_map_type`, those whose values the kernel copies out as a single one. */
const MAP_TYPES = {
	hash: 1,
	array: 2,
	perf_event_array: 4,
	stack_trace: 7,
	lru_hash: 9,
	ringbuf: 27
};
/** Flags of BPF_MAP_CREATE. */
const BPF_F_MMAPABLE = 1024;
const ELEMENT_ATTR_SIZE = 32;
/** A BPF map. */
var BpfMap = class BpfMap {
	fd;
	options;
	constructor(fd, options) {
		this.fd = fd;
		this.options = options;
	}
	/** BPF_MAP_CREATE. Throws SysError. */
	static create(options) {
		const attr = new BpfAttr(44).u32(0, MAP_TYPES[options.type]).u32(4, options.keySize).u32(8, options.valueSize).u32(12, options.maxEntries).u32(16, options.flags ?? 0).name(28, options.name);
		return new BpfMap(new Fd(bpf("BPF_MAP_CREATE", attr)), options);
	}
	/** The value of a key, or undefined if there is none. */
	lookup(key) {
		const value = new Uint8Array(this.options.valueSize);
		return this.find("BPF_MAP_LOOKUP_ELEM", this.element(key).pointer(16, value)) ? value : void 0;
	}
	/** Creates or replaces the value of a key. */
	update(key, value) {
		checkSize("value", value, this.options.valueSize);
		bpf("BPF_MAP_UPDATE_ELEM", this.element(key).pointer(16, value));
	}
	/** Whether there was such a key. */
	delete(key) {
		return this.find("BPF_MAP_DELETE_ELEM", this.element(key));
	}
	/** The key after this one in the map's own order (the first if there is no such key). */
	nextKey(key) {
		const next = new Uint8Array(this.options.keySize);
		const attr = key === void 0 ? this.element() : this.element(key);
		return this.find("BPF_MAP_GET_NEXT_KEY", attr.pointer(16, next)) ? next : void 0;
	}
	/** The values of an array made with {@link BPF_F_MMAPABLE}, each at a multiple of 8 bytes. */
	mmap() {
		const { valueSize, maxEntries } = this.options;
		const length = Math.ceil(valueSize / 8) * 8 * maxEntries;
		return new Mapping(this.fd.number, length, { writable: true });
	}
	element(key) {
		const attr = new BpfAttr(ELEMENT_ATTR_SIZE).u32(0, this.fd.number);
		if (key === void 0) return attr;
		checkSize("key", key, this.options.keySize);
		return attr.pointer(8, key);
	}
	find(command, attr) {
		try {
			bpf(command, attr);
			return true;
		} catch (error) {
			if (error instanceof SysError && error.code === "ENOENT") return false;
			throw error;
		}
	}
	[Symbol.dispose]() {
		this.fd[Symbol.dispose]();
	}
};
function checkSize(what, bytes, size) {
	if (bytes.length === size) return;
	throw new RangeError(`a ${what} of this map has ${size} bytes, not ${bytes.length}`);
}
// src/linux/owner.ts
/** Owns resources and lets go of them together, the last one first. (Node 20 has no DisposableStack.) */
var Owner = class {
	owned = [];
	own(resource) {
		this.owned.push(resource);
		return resource;
	}
	/** Runs a step of construction; where it fails, nothing that is owned so far is leaked. */
	orDispose(step) {
		try {
			return step();
		} catch (error) {
			this[Symbol.dispose]();
			throw error;
		}
	}
	[Symbol.dispose]() {
		for (let last = this.owned.pop(); last !== void 0; last = this.owned.pop()) last[Symbol.dispose]();
	}
};
// src/bpf/code_buffer.ts
const MAIN = "main";
/** Instructions in order, with labels that are resolved at the end. */
var CodeBuffer = class {
	instructions = [];
	labels = /* @__PURE__ */ new Map();
	fixups = [];
	/** Names the next instruction. Throws {@link UsageError} if the name is taken. */
	label(name) {
		if (this.labels.has(name) || name === MAIN) throw new UsageError(`label ${name}`, "there is one already");
		this.labels.set(name, this.instructions.length);
		return this;
	}
	/** Resolves the labels. Throws {@link UsageError} for one that is not defined or too far away. */
	assemble() {
		const instructions = [...this.instructions];
		for (const { index, label, reference } of this.fixups) {
			const distance = this.position(label) - index - 1;
			const field = reference === "jump" ? "offset" : "imm";
			if (reference === "jump") checkRange(`jump to ${label} over`, distance, 16);
			instructions[index] = {
				...instructions[index],
				[field]: distance
			};
		}
		return {
			instructions,
			subprograms: this.subprograms(),
			takesFunctionAddress: this.fixups.some(({ reference }) => reference === "address")
		};
	}
	subprograms() {
		const starts = /* @__PURE__ */ new Map([[0, MAIN]]);
		for (const { label, reference } of this.fixups) if (reference === "call" || reference === "address") starts.set(this.position(label), label);
		return Array.from(starts, ([start, name]) => ({
			name,
			start
		})).sort((a, b) => a.start - b.start);
	}
	position(label) {
		const position = this.labels.get(label);
		if (position === void 0) throw new UsageError(`label ${label}`, "it is not defined");
		if (position === this.instructions.length) throw new UsageError(`label ${label}`, "no instruction follows it");
		return position;
	}
	/** Appends an instruction that refers to a label. */
	refer(label, reference, instruction) {
		this.fixups.push({
			index: this.instructions.length,
			label,
			reference
		});
		return this.emit(instruction);
	}
	emit({ opcode = 0, dst = 0, src = 0, offset = 0, imm = 0 }) {
		checkRange("offset", offset, 16);
		checkRange("immediate value", imm, 32);
		this.instructions.push({
			opcode,
			dst,
			src,
			offset,
			imm
		});
		return this;
	}
};
function checkRange(what, value, bits) {
	const limit = 2 ** (bits - 1);
	if (Number.isInteger(value) && value >= -limit && value < limit) return;
	throw new UsageError(`${what} ${value}`, `it does not fit into ${bits} bits with a sign`);
}
// src/bpf/instructions.ts
/** The three low bits of an opcode. */
const CLASS = {
	LD: 0,
	LDX: 1,
	ST: 2,
	STX: 3,
	ALU: 4,
	JMP: 5,
	JMP32: 6,
	ALU64: 7
};
/** Bits 4 to 7 of an arithmetic opcode. */
const ALU = {
	add: 0,
	sub: 16,
	mul: 32,
	div: 48,
	or: 64,
	and: 80,
	lsh: 96,
	rsh: 112,
	neg: 128,
	mod: 144,
	xor: 160,
	mov: 176,
	arsh: 192,
	end: 208
};
/** Bits 4 to 7 of a jump's opcode. */
const JUMP = {
	ja: 0,
	jeq: 16,
	jgt: 32,
	jge: 48,
	jset: 64,
	jne: 80,
	jsgt: 96,
	jsge: 112,
	call: 128,
	exit: 144,
	jlt: 160,
	jle: 176,
	jslt: 192,
	jsle: 208,
	jcond: 224
};
/** Bits 3 and 4 of the opcode of a load or a store. */
const SIZE = {
	u32: 0,
	u16: 8,
	u8: 16,
	u64: 24
};
/** Bits 5 to 7 of the opcode of a load or a store. */
const MODE = {
	imm: 0,
	mem: 96,
	memsx: 128,
	atomic: 192
};
/** The immediate value of an atomic operation: one of `ALU`, perhaps with `fetch`, or an exchange. */
const ATOMIC = {
	fetch: 1,
	xchg: 225,
	cmpxchg: 241
};
/** What the `src` of a 64-bit immediate load says its value is: BPF_PSEUDO_*. */
const PSEUDO = {
	mapFd: 1,
	mapValue: 2,
	btfId: 3,
	func: 4
};
/** What the `src` of a call says its target is: a helper, or BPF_PSEUDO_(KFUNC_)CALL. */
const CALL = {
	helper: 0,
	local: 1,
	kfunc: 2
};
/** The opcode of a 64-bit immediate load, the only instruction that takes two slots. */
const LD_IMM64 = CLASS.LD | MODE.imm | SIZE.u64;
const INSTRUCTION_SIZE = 8;
function encode(instructions) {
	const bytes = new Uint8Array(instructions.length * INSTRUCTION_SIZE);
	const view = new DataView(bytes.buffer);
	instructions.forEach((instruction, index) => {
		const at = index * INSTRUCTION_SIZE;
		view.setUint8(at, instruction.opcode);
		view.setUint8(at + 1, instruction.dst | instruction.src << 4);
		view.setInt16(at + 2, instruction.offset, true);
		view.setInt32(at + 4, instruction.imm, true);
	});
	return bytes;
}
// src/bpf/helpers.ts
/**
* BPF's helper functions by name, without the `bpf_` before it: `enum bpf_func_id` of
* include/uapi/linux/bpf.h. None has been added since Linux 6.2; what is newer is a kfunc.
*/
const HELPERS = {
	map_lookup_elem: 1,
	map_update_elem: 2,
	map_delete_elem: 3,
	probe_read: 4,
	ktime_get_ns: 5,
	trace_printk: 6,
	get_prandom_u32: 7,
	get_smp_processor_id: 8,
	skb_store_bytes: 9,
	l3_csum_replace: 10,
	l4_csum_replace: 11,
	tail_call: 12,
	clone_redirect: 13,
	get_current_pid_tgid: 14,
	get_current_uid_gid: 15,
	get_current_comm: 16,
	get_cgroup_classid: 17,
	skb_vlan_push: 18,
	skb_vlan_pop: 19,
	skb_get_tunnel_key: 20,
	skb_set_tunnel_key: 21,
	perf_event_read: 22,
	redirect: 23,
	get_route_realm: 24,
	perf_event_output: 25,
	skb_load_bytes: 26,
	get_stackid: 27,
	csum_diff: 28,
	skb_get_tunnel_opt: 29,
	skb_set_tunnel_opt: 30,
	skb_change_proto: 31,
	skb_change_type: 32,
	skb_under_cgroup: 33,
	get_hash_recalc: 34,
	get_current_task: 35,
	probe_write_user: 36,
	current_task_under_cgroup: 37,
	skb_change_tail: 38,
	skb_pull_data: 39,
	csum_update: 40,
	set_hash_invalid: 41,
	get_numa_node_id: 42,
	skb_change_head: 43,
	xdp_adjust_head: 44,
	probe_read_str: 45,
	get_socket_cookie: 46,
	get_socket_uid: 47,
	set_hash: 48,
	setsockopt: 49,
	skb_adjust_room: 50,
	redirect_map: 51,
	sk_redirect_map: 52,
	sock_map_update: 53,
	xdp_adjust_meta: 54,
	perf_event_read_value: 55,
	perf_prog_read_value: 56,
	getsockopt: 57,
	override_return: 58,
	sock_ops_cb_flags_set: 59,
	msg_redirect_map: 60,
	msg_apply_bytes: 61,
	msg_cork_bytes: 62,
	msg_pull_data: 63,
	bind: 64,
	xdp_adjust_tail: 65,
	skb_get_xfrm_state: 66,
	get_stack: 67,
	skb_load_bytes_relative: 68,
	fib_lookup: 69,
	sock_hash_update: 70,
	msg_redirect_hash: 71,
	sk_redirect_hash: 72,
	lwt_push_encap: 73,
	lwt_seg6_store_bytes: 74,
	lwt_seg6_adjust_srh: 75,
	lwt_seg6_action: 76,
	rc_repeat: 77,
	rc_keydown: 78,
	skb_cgroup_id: 79,
	get_current_cgroup_id: 80,
	get_local_storage: 81,
	sk_select_reuseport: 82,
	skb_ancestor_cgroup_id: 83,
	sk_lookup_tcp: 84,
	sk_lookup_udp: 85,
	sk_release: 86,
	map_push_elem: 87,
	map_pop_elem: 88,
	map_peek_elem: 89,
	msg_push_data: 90,
	msg_pop_data: 91,
	rc_pointer_rel: 92,
	spin_lock: 93,
	spin_unlock: 94,
	sk_fullsock: 95,
	tcp_sock: 96,
	skb_ecn_set_ce: 97,
	get_listener_sock: 98,
	skc_lookup_tcp: 99,
	tcp_check_syncookie: 100,
	sysctl_get_name: 101,
	sysctl_get_current_value: 102,
	sysctl_get_new_value: 103,
	sysctl_set_new_value: 104,
	strtol: 105,
	strtoul: 106,
	sk_storage_get: 107,
	sk_storage_delete: 108,
	send_signal: 109,
	tcp_gen_syncookie: 110,
	skb_output: 111,
	probe_read_user: 112,
	probe_read_kernel: 113,
	probe_read_user_str: 114,
	probe_read_kernel_str: 115,
	tcp_send_ack: 116,
	send_signal_thread: 117,
	jiffies64: 118,
	read_branch_records: 119,
	get_ns_current_pid_tgid: 120,
	xdp_output: 121,
	get_netns_cookie: 122,
	get_current_ancestor_cgroup_id: 123,
	sk_assign: 124,
	ktime_get_boot_ns: 125,
	seq_printf: 126,
	seq_write: 127,
	sk_cgroup_id: 128,
	sk_ancestor_cgroup_id: 129,
	ringbuf_output: 130,
	ringbuf_reserve: 131,
	ringbuf_submit: 132,
	ringbuf_discard: 133,
	ringbuf_query: 134,
	csum_level: 135,
	skc_to_tcp6_sock: 136,
	skc_to_tcp_sock: 137,
	skc_to_tcp_timewait_sock: 138,
	skc_to_tcp_request_sock: 139,
	skc_to_udp6_sock: 140,
	get_task_stack: 141,
	load_hdr_opt: 142,
	store_hdr_opt: 143,
	reserve_hdr_opt: 144,
	inode_storage_get: 145,
	inode_storage_delete: 146,
	d_path: 147,
	copy_from_user: 148,
	snprintf_btf: 149,
	seq_printf_btf: 150,
	skb_cgroup_classid: 151,
	redirect_neigh: 152,
	per_cpu_ptr: 153,
	this_cpu_ptr: 154,
	redirect_peer: 155,
	task_storage_get: 156,
	task_storage_delete: 157,
	get_current_task_btf: 158,
	bprm_opts_set: 159,
	ktime_get_coarse_ns: 160,
	ima_inode_hash: 161,
	sock_from_file: 162,
	check_mtu: 163,
	for_each_map_elem: 164,
	snprintf: 165,
	sys_bpf: 166,
	btf_find_by_name_kind: 167,
	sys_close: 168,
	timer_init: 169,
	timer_set_callback: 170,
	timer_start: 171,
	timer_cancel: 172,
	get_func_ip: 173,
	get_attach_cookie: 174,
	task_pt_regs: 175,
	get_branch_snapshot: 176,
	trace_vprintk: 177,
	skc_to_unix_sock: 178,
	kallsyms_lookup_name: 179,
	find_vma: 180,
	loop: 181,
	strncmp: 182,
	get_func_arg: 183,
	get_func_ret: 184,
	get_func_arg_cnt: 185,
	get_retval: 186,
	set_retval: 187,
	xdp_get_buff_len: 188,
	xdp_load_bytes: 189,
	xdp_store_bytes: 190,
	copy_from_user_task: 191,
	skb_set_tstamp: 192,
	ima_file_hash: 193,
	kptr_xchg: 194,
	map_lookup_percpu_elem: 195,
	skc_to_mptcp_sock: 196,
	dynptr_from_mem: 197,
	ringbuf_reserve_dynptr: 198,
	ringbuf_submit_dynptr: 199,
	ringbuf_discard_dynptr: 200,
	dynptr_read: 201,
	dynptr_write: 202,
	dynptr_data: 203,
	tcp_raw_gen_syncookie_ipv4: 204,
	tcp_raw_gen_syncookie_ipv6: 205,
	tcp_raw_check_syncookie_ipv4: 206,
	tcp_raw_check_syncookie_ipv6: 207,
	ktime_get_tai_ns: 208,
	user_ringbuf_drain: 209,
	cgrp_storage_get: 210,
	cgrp_storage_delete: 211
};
// src/bpf/print.ts
/**
* Instructions in the verifier's notation (kernel/bpf/disasm.c), a line each, as in its log and in
* `bpftool prog dump xlated`. Maps and functions, which have no address before the program is
* loaded, are written as bpftool does: `map[fd:5]`, `map[fd:5][0]+8`, `subprog[+3]`.
*/
function print(instructions, kfuncName = () => "kernel-function") {
	const lines = [];
	for (let at = 0; at < instructions.length; at++) {
		const instruction = instructions[at];
		const high = instructions[at + 1]?.imm ?? 0;
		const opcode = instruction.opcode.toString(16).padStart(2, "0");
		lines.push(`${at}: (${opcode}) ${printInstruction(instruction, high, kfuncName)}`);
		if (instruction.opcode === LD_IMM64) at++;
	}
	return lines.join("\n");
}
function printInstruction(instruction, high, kfuncName) {
	switch (instruction.opcode & 7) {
		case CLASS.ALU:
		case CLASS.ALU64: return printAlu(instruction);
		case CLASS.JMP:
		case CLASS.JMP32: return printJump(instruction, kfuncName);
		case CLASS.LD: return `r${instruction.dst} = ${wideValue(instruction, high)}`;
		case CLASS.LDX: return `r${instruction.dst} = ${memory(instruction, instruction.src)}`;
		case CLASS.ST: return `${memory(instruction, instruction.dst)} = ${instruction.imm}`;
		default: return printStore(instruction);
	}
}
/** Signs of arithmetic by bits 4 to 7 of the opcode. */
const ALU_SIGNS = {
	[ALU.add]: "+=",
	[ALU.sub]: "-=",
	[ALU.mul]: "*=",
	[ALU.div]: "/=",
	[ALU.or]: "|=",
	[ALU.and]: "&=",
	[ALU.lsh]: "<<=",
	[ALU.rsh]: ">>=",
	[ALU.mod]: "%=",
	[ALU.xor]: "^=",
	[ALU.mov]: "=",
	[ALU.arsh]: "s>>="
};
function printAlu({ opcode, dst, src, offset, imm }) {
	const wide = (opcode & 7) === CLASS.ALU64;
	const fromRegister = (opcode & 8) !== 0;
	const operation = opcode & 240;
	if (operation === ALU.end) return `r${dst} = ${wide ? "bswap" : fromRegister ? "be" : "le"}${imm} r${dst}`;
	const letter = wide ? "r" : "w";
	if (operation === ALU.neg) return `${letter}${dst} = -${letter}${dst}`;
	const operand = fromRegister ? `${letter}${src}` : `${imm}`;
	if (operation === ALU.mov && offset !== 0) return `${letter}${dst} = (s${offset})${operand}`;
	return `${letter}${dst} ${offset === 0 ? "" : "s"}${ALU_SIGNS[operation]} ${operand}`;
}
/** Signs of comparison by bits 4 to 7 of the opcode. */
const JUMP_SIGNS = {
	[JUMP.jeq]: "==",
	[JUMP.jgt]: ">",
	[JUMP.jge]: ">=",
	[JUMP.jset]: "&",
	[JUMP.jne]: "!=",
	[JUMP.jsgt]: "s>",
	[JUMP.jsge]: "s>=",
	[JUMP.jlt]: "<",
	[JUMP.jle]: "<=",
	[JUMP.jslt]: "s<",
	[JUMP.jsle]: "s<="
};
function printJump(instruction, kfuncName) {
	const { opcode, dst, src, offset, imm } = instruction;
	const wide = (opcode & 7) === CLASS.JMP;
	const operation = opcode & 240;
	switch (operation) {
		case JUMP.call: return `call ${callee(instruction, kfuncName)}`;
		case JUMP.exit: return "exit";
		case JUMP.ja: return wide ? `goto pc${plus(offset)}` : `gotol pc${plus(imm)}`;
		case JUMP.jcond: return `may_goto pc${plus(offset)}`;
	}
	const letter = wide ? "r" : "w";
	const operand = opcode & 8 ? `${letter}${src}` : `0x${(imm >>> 0).toString(16)}`;
	return `if ${letter}${dst} ${JUMP_SIGNS[operation]} ${operand} goto pc${plus(offset)}`;
}
function callee({ src, imm }, kfuncName) {
	if (src === CALL.local) return `pc${plus(imm)}`;
	if (src === CALL.kfunc) return `${kfuncName(imm)}#${imm}`;
	const helper = Object.entries(HELPERS).find(([, id]) => id === imm);
	return `${helper === void 0 ? "unknown" : `bpf_${helper[0]}`}#${imm}`;
}
function wideValue({ src, imm }, high) {
	switch (src) {
		case PSEUDO.mapFd: return `map[fd:${imm}]`;
		case PSEUDO.mapValue: return `map[fd:${imm}][0]+${high >>> 0}`;
		case PSEUDO.func: return `subprog[${plus(imm)}]`;
		default: return `0x${(BigInt(high >>> 0) << 32n | BigInt(imm >>> 0)).toString(16)}`;
	}
}
/** Atomic operations by bits 4 to 7 of the immediate value. */
const ATOMIC_NAMES = {
	[ALU.add]: "add",
	[ALU.or]: "or",
	[ALU.and]: "and",
	[ALU.xor]: "xor"
};
function printStore(instruction) {
	const { opcode, dst, src, imm } = instruction;
	const target = memory(instruction, dst);
	if ((opcode & 224) === MODE.mem) return `${target} = r${src}`;
	const operation = imm & 240;
	if ((imm & ATOMIC.fetch) === 0) return `lock ${target} ${ALU_SIGNS[operation]} r${src}`;
	const wide = (opcode & 24) === SIZE.u64 ? "64" : "";
	const place = target.slice(1);
	if (imm === ATOMIC.cmpxchg) return `r0 = atomic${wide}_cmpxchg(${place}, r0, r${src})`;
	return `r${src} = atomic${wide}_${imm === ATOMIC.xchg ? "xchg" : `fetch_${ATOMIC_NAMES[operation]}`}(${place}, r${src})`;
}
const SIZE_BITS = {
	[SIZE.u8]: 8,
	[SIZE.u16]: 16,
	[SIZE.u32]: 32,
	[SIZE.u64]: 64
};
/** `*(u64 *)(r6 +8)` */
function memory({ opcode, offset }, register) {
	return `*(${(opcode & 224) === MODE.memsx ? "s" : "u"}${SIZE_BITS[opcode & 24]} *)(r${register} ${plus(offset)})`;
}
function plus(value) {
	return value < 0 ? `${value}` : `+${value}`;
}
// src/bpf/assembler.ts
const SIGNED_SIZE = {
	s8: "u8",
	s16: "u16",
	s32: "u32"
};
/**
* Assembles a BPF program. Each method appends an instruction; jumps and calls name labels, before
* or after the place where {@link label} puts them. Whether an instruction works on 64 bits or 32
* is said by its registers, R or W.
*/
var Assembler = class extends CodeBuffer {
	mov(dst, operand) {
		return this.alu(ALU.mov, dst, operand);
	}
	movsx(dst, src, bits) {
		return this.alu(ALU.mov, dst, src, bits);
	}
	neg(dst) {
		return this.emit({
			opcode: aluClass(dst) | ALU.neg,
			dst: dst.number
		});
	}
	add(dst, operand) {
		return this.alu(ALU.add, dst, operand);
	}
	sub(dst, operand) {
		return this.alu(ALU.sub, dst, operand);
	}
	mul(dst, operand) {
		return this.alu(ALU.mul, dst, operand);
	}
	/** Unsigned; division by a register that is 0 gives 0. */
	div(dst, operand) {
		return this.alu(ALU.div, dst, operand);
	}
	/** Unsigned; modulo a register that is 0 leaves `dst` as it is. */
	mod(dst, operand) {
		return this.alu(ALU.mod, dst, operand);
	}
	/** Signed (Linux 6.6). */
	sdiv(dst, operand) {
		return this.alu(ALU.div, dst, operand, 1);
	}
	/** Signed (Linux 6.6). */
	smod(dst, operand) {
		return this.alu(ALU.mod, dst, operand, 1);
	}
	or(dst, operand) {
		return this.alu(ALU.or, dst, operand);
	}
	and(dst, operand) {
		return this.alu(ALU.and, dst, operand);
	}
	xor(dst, operand) {
		return this.alu(ALU.xor, dst, operand);
	}
	lsh(dst, operand) {
		return this.alu(ALU.lsh, dst, operand);
	}
	rsh(dst, operand) {
		return this.alu(ALU.rsh, dst, operand);
	}
	/** Shifts right and keeps the sign. */
	arsh(dst, operand) {
		return this.alu(ALU.arsh, dst, operand);
	}
	/** Converts between the machine's byte order and little-endian. */
	le(dst, bits) {
		return this.emit({
			opcode: CLASS.ALU | ALU.end,
			dst: dst.number,
			imm: bits
		});
	}
	/** Converts between the machine's byte order and big-endian. */
	be(dst, bits) {
		const opcode = CLASS.ALU | ALU.end | 8;
		return this.emit({
			opcode,
			dst: dst.number,
			imm: bits
		});
	}
	/** Reverses the bytes (Linux 6.6). */
	bswap(dst, bits) {
		return this.emit({
			opcode: CLASS.ALU64 | ALU.end,
			dst: dst.number,
			imm: bits
		});
	}
	/** `dst = *(size *)(src + offset)`; the signed sizes, which extend the sign: Linux 6.6. */
	load(size, dst, src, offset = 0) {
		const opcode = size in SIZE ? CLASS.LDX | MODE.mem | SIZE[size] : CLASS.LDX | MODE.memsx | SIZE[SIGNED_SIZE[size]];
		return this.emit({
			opcode,
			dst: dst.number,
			src: src.number,
			offset
		});
	}
	/** `*(size *)(dst + offset) = operand` */
	store(size, dst, offset, operand) {
		const opcode = MODE.mem | SIZE[size];
		return typeof operand === "number" ? this.emit({
			opcode: CLASS.ST | opcode,
			dst: dst.number,
			offset,
			imm: operand
		}) : this.emit({
			opcode: CLASS.STX | opcode,
			dst: dst.number,
			src: operand.number,
			offset
		});
	}
	atomicAdd(size, dst, offset, src) {
		return this.atomic(size, ALU.add, dst, offset, src);
	}
	atomicOr(size, dst, offset, src) {
		return this.atomic(size, ALU.or, dst, offset, src);
	}
	atomicAnd(size, dst, offset, src) {
		return this.atomic(size, ALU.and, dst, offset, src);
	}
	atomicXor(size, dst, offset, src) {
		return this.atomic(size, ALU.xor, dst, offset, src);
	}
	/** `src` gets the old value; so in the other methods with `Fetch`. */
	atomicFetchAdd(size, dst, offset, src) {
		return this.atomic(size, ALU.add | ATOMIC.fetch, dst, offset, src);
	}
	atomicFetchOr(size, dst, offset, src) {
		return this.atomic(size, ALU.or | ATOMIC.fetch, dst, offset, src);
	}
	atomicFetchAnd(size, dst, offset, src) {
		return this.atomic(size, ALU.and | ATOMIC.fetch, dst, offset, src);
	}
	atomicFetchXor(size, dst, offset, src) {
		return this.atomic(size, ALU.xor | ATOMIC.fetch, dst, offset, src);
	}
	/** Exchanges memory and `src`. */
	atomicXchg(size, dst, offset, src) {
		return this.atomic(size, ATOMIC.xchg, dst, offset, src);
	}
	/** Stores `src` if memory equals R0; R0 gets the old value. */
	atomicCmpxchg(size, dst, offset, src) {
		return this.atomic(size, ATOMIC.cmpxchg, dst, offset, src);
	}
	ldImm64(dst, value) {
		return this.wide(dst, 0, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(64, value) >> 32n));
	}
	/** The map itself, for helpers that take one. */
	ldMapFd(dst, mapFd) {
		return this.wide(dst, PSEUDO.mapFd, mapFd, 0);
	}
	/** The address of the first value of an array map, plus an offset. */
	ldMapValue(dst, mapFd, offset = 0) {
		return this.wide(dst, PSEUDO.mapValue, mapFd, offset);
	}
	/** The address of a variable of the kernel by the id of its VAR in vmlinux's BTF. */
	ldBtfId(dst, btfId) {
		return this.wide(dst, PSEUDO.btfId, btfId, 0);
	}
	/**
	* A function of this program, for helpers that take a callback (Linux 5.13). Its label must be an
	* identifier of C.
	*/
	ldFunc(dst, label) {
		return this.refer(label, "address", {
			opcode: LD_IMM64,
			dst: dst.number,
			src: PSEUDO.func
		}).emit({});
	}
	ja(label) {
		return this.refer(label, "jump", { opcode: CLASS.JMP | JUMP.ja });
	}
	/** A jump that may be farther than 32767 instructions (Linux 6.6). */
	gotol(label) {
		return this.refer(label, "long jump", { opcode: CLASS.JMP32 | JUMP.ja });
	}
	/** Goes on, but jumps once that has been done some 8 million times: bounds a loop (Linux 6.9). */
	mayGoto(label) {
		return this.refer(label, "jump", { opcode: CLASS.JMP | JUMP.jcond });
	}
	jeq(dst, operand, label) {
		return this.compare(JUMP.jeq, dst, operand, label);
	}
	jne(dst, operand, label) {
		return this.compare(JUMP.jne, dst, operand, label);
	}
	/** If any of the operand's bits is set. */
	jset(dst, operand, label) {
		return this.compare(JUMP.jset, dst, operand, label);
	}
	jgt(dst, operand, label) {
		return this.compare(JUMP.jgt, dst, operand, label);
	}
	jge(dst, operand, label) {
		return this.compare(JUMP.jge, dst, operand, label);
	}
	jlt(dst, operand, label) {
		return this.compare(JUMP.jlt, dst, operand, label);
	}
	jle(dst, operand, label) {
		return this.compare(JUMP.jle, dst, operand, label);
	}
	/** Signed; so are the other three with `s`. */
	jsgt(dst, operand, label) {
		return this.compare(JUMP.jsgt, dst, operand, label);
	}
	jsge(dst, operand, label) {
		return this.compare(JUMP.jsge, dst, operand, label);
	}
	jslt(dst, operand, label) {
		return this.compare(JUMP.jslt, dst, operand, label);
	}
	jsle(dst, operand, label) {
		return this.compare(JUMP.jsle, dst, operand, label);
	}
	/** Calls one of HELPERS. */
	call(helper) {
		return this.emit({
			opcode: CLASS.JMP | JUMP.call,
			src: CALL.helper,
			imm: helper
		});
	}
	/** Calls a function of the kernel by the id of its FUNC in vmlinux's BTF (Linux 5.13). */
	callKfunc(btfId) {
		return this.emit({
			opcode: CLASS.JMP | JUMP.call,
			src: CALL.kfunc,
			imm: btfId
		});
	}
	/** Calls a function of this program. */
	callLocal(label) {
		return this.refer(label, "call", {
			opcode: CLASS.JMP | JUMP.call,
			src: CALL.local
		});
	}
	exit() {
		return this.emit({ opcode: CLASS.JMP | JUMP.exit });
	}
	/** The program in the verifier's notation, a line per instruction. */
	toString() {
		return print(this.assemble().instructions);
	}
	alu(operation, dst, operand, offset = 0) {
		const opcode = aluClass(dst) | operation;
		return this.emit(withOperand({
			opcode,
			dst: dst.number,
			offset
		}, operand));
	}
	compare(condition, dst, operand, label) {
		const opcode = (dst.bits === 64 ? CLASS.JMP : CLASS.JMP32) | condition;
		return this.refer(label, "jump", withOperand({
			opcode,
			dst: dst.number
		}, operand));
	}
	atomic(size, operation, dst, offset, src) {
		const opcode = CLASS.STX | MODE.atomic | SIZE[size];
		return this.emit({
			opcode,
			dst: dst.number,
			src: src.number,
			offset,
			imm: operation
		});
	}
	wide(dst, kind, low, high) {
		return this.emit({
			opcode: LD_IMM64,
			dst: dst.number,
			src: kind,
			imm: low
		}).emit({ imm: high });
	}
};
function aluClass(dst) {
	return dst.bits === 64 ? CLASS.ALU64 : CLASS.ALU;
}
function withOperand(instruction, operand) {
	if (typeof operand === "number") return {
		...instruction,
		imm: operand
	};
	return {
		...instruction,
		opcode: instruction.opcode | 8,
		src: operand.number
	};
}
// src/bpf/btf_builder.ts
/** Builds a small BTF: what the kernel wants to know about the functions of a program. */
const MAGIC = 60319;
const HEADER_SIZE = 24;
const KIND = {
	int: 1,
	func: 12,
	funcProto: 13
};
const INT_SIGNED = 1 << 24;
var BtfBuilder = class {
	words = [];
	strings = [0];
	types = 0;
	/** A signed integer. Each method gives the id of the new type. */
	int(name, size) {
		return this.add(name, KIND.int, 0, size, [INT_SIGNED | size * 8]);
	}
	/** A function prototype without named parameters. */
	funcProto(returns, params = []) {
		return this.add("", KIND.funcProto, params.length, returns, params.flatMap((type) => [0, type]));
	}
	/** A function of static linkage. */
	func(name, proto) {
		return this.add(name, KIND.func, 0, proto, []);
	}
	encode() {
		const typesSize = this.words.length * 4;
		const bytes = new Uint8Array(HEADER_SIZE + typesSize + this.strings.length);
		const view = new DataView(bytes.buffer);
		view.setUint16(0, MAGIC, true);
		view.setUint8(2, 1);
		[
			HEADER_SIZE,
			0,
			typesSize,
			typesSize,
			this.strings.length
		].concat(this.words).forEach((word, index) => {
			view.setUint32(4 + index * 4, word, true);
		});
		bytes.set(this.strings, HEADER_SIZE + typesSize);
		return bytes;
	}
	add(name, kind, vlen, sizeOrType, rest) {
		this.words.push(this.string(name), kind << 24 | vlen, sizeOrType, ...rest);
		return ++this.types;
	}
	string(text) {
		if (text === "") return 0;
		const offset = this.strings.length;
		this.strings.push(...new TextEncoder().encode(text), 0);
		return offset;
	}
};
// src/bpf/function_info.ts
/** `struct bpf_func_info`: where a function starts, and its FUNC in the program's BTF. */
const RECORD_SIZE = 8;
/**
* Describes the functions of a program to the kernel. The verifier knows the arguments of a
* callback from the helper that gets it, so the prototypes may all be `int f(void)`.
*/
function functionInfo(subprograms, programName) {
	const builder = new BtfBuilder();
	const proto = builder.funcProto(builder.int("int", 4));
	const records = new Uint8Array(subprograms.length * RECORD_SIZE);
	const view = new DataView(records.buffer);
	subprograms.forEach(({ name, start }, index) => {
		view.setUint32(index * RECORD_SIZE, start, true);
		const id = builder.func(start === 0 ? programName : name, proto);
		view.setUint32(index * RECORD_SIZE + 4, id, true);
	});
	const btf = loadBtf(builder.encode());
	return {
		btf,
		records,
		recordSize: RECORD_SIZE,
		[Symbol.dispose]: () => btf[Symbol.dispose]()
	};
}
/** BPF_BTF_LOAD. Throws SysError. */
function loadBtf(blob) {
	return new Fd(bpf("BPF_BTF_LOAD", new BpfAttr(28).pointer(0, blob).u32(16, blob.length)));
}
// src/bpf/verifier_error.ts
/** The kernel's verifier rejected a program. The message ends with its last words. */
var VerifierError = class extends KsightError {
	log;
	constructor(programName, reason, log) {
		super(`BPF program ${programName}`, `the verifier rejected it: ${reason}`);
		this.log = log;
	}
};
/** The verifier's last lines in one, without its statistics: empty if it found nothing wrong. */
function lastWords(log) {
	return log.split("\n").map((line) => line.trim().replace(/\s+/g, " ")).filter((line) => line !== "" && !/^(processed \d+ insns|verification time)/.test(line)).slice(-3).join(" | ");
}
// src/bpf/program.ts
/** `enum bpf_prog_type`, as far as used here. */
const PROGRAM_TYPES = {
	raw_tracepoint: {
		number: 17,
		since: "4.17"
	},
	tracing: {
		number: 26,
		since: "5.5"
	},
	syscall: {
		number: 31,
		since: "5.14"
	}
};
/** `enum bpf_attach_type`, as far as used here. */
const ATTACH_TYPES = { trace_iter: 28 };
const BPF_F_SLEEPABLE = 16;
/** Offsets in the part of `union bpf_attr` for BPF_PROG_LOAD. */
const LOAD = {
	type: 0,
	instructionCount: 4,
	instructions: 8,
	license: 16,
	logLevel: 24,
	logSize: 28,
	log: 32,
	flags: 44,
	name: 48,
	expectedAttachType: 68,
	btfFd: 72,
	functionInfoSize: 76,
	functionInfo: 80,
	functionInfoCount: 88,
	attachBtfId: 108,
	size: 116
};
/** Offsets in the part of `union bpf_attr` for BPF_PROG_TEST_RUN. */
const RUN = {
	fd: 0,
	result: 4,
	contextSize: 40,
	context: 48,
	size: 64
};
const LICENSE = "Dual MIT/GPL";
/** A BPF program, loaded and verified. */
var Program = class Program {
	fd;
	name;
	constructor(fd, name) {
		this.fd = fd;
		this.name = name;
	}
	/**
	* BPF_PROG_LOAD. What stands in the way is told by the error: PermissionError names the
	* right that is missing, UnsupportedError the kernel that it needs, VerifierError the verifier's
	* last lines. Other failures, such as EMFILE, are a SysError.
	*/
	static load(options) {
		const code = options.code instanceof Assembler ? options.code.assemble() : options.code;
		const attr = describe(options, code);
		if (!code.takesFunctionAddress) return new Program(load(attr, options), options.name);
		using functions = functionInfo(code.subprograms, options.name);
		attr.u32(LOAD.btfFd, functions.btf.number).u32(LOAD.functionInfoSize, functions.recordSize).u32(LOAD.functionInfoCount, code.subprograms.length).pointer(LOAD.functionInfo, functions.records);
		return new Program(load(attr, options), options.name);
	}
	/** BPF_PROG_TEST_RUN once: what the program returns; see {@link prepareRun}. */
	testRun(context) {
		return this.prepareRun(context)();
	}
	/**
	* BPF_PROG_TEST_RUN as a function that can be called again and again at the cost of the system
	* call alone. The program gets a copy of `context` as it is at each call; what a syscall program
	* writes to it is copied back. The function gives what the program returned, unsigned.
	*/
	prepareRun(context) {
		const attr = new BpfAttr(RUN.size).u32(RUN.fd, this.fd.number);
		if (context !== void 0) attr.u32(RUN.contextSize, context.length).pointer(RUN.context, context);
		return () => {
			this.fd.number;
			bpf("BPF_PROG_TEST_RUN", attr);
			return attr.getU32(RUN.result);
		};
	}
	[Symbol.dispose]() {
		this.fd[Symbol.dispose]();
	}
};
function describe(options, code) {
	const attr = new BpfAttr(LOAD.size).u32(LOAD.type, PROGRAM_TYPES[options.type].number).u32(LOAD.instructionCount, code.instructions.length).pointer(LOAD.instructions, encode(code.instructions)).pointer(LOAD.license, new TextEncoder().encode(`${LICENSE}\0`)).name(LOAD.name, options.name).u32(LOAD.attachBtfId, options.attachBtfId ?? 0);
	if (options.expectedAttachType !== void 0) attr.u32(LOAD.expectedAttachType, ATTACH_TYPES[options.expectedAttachType]);
	if (options.sleepable || options.type === "syscall") attr.u32(LOAD.flags, BPF_F_SLEEPABLE);
	return attr;
}
function load(attr, options) {
	for (let attempt = 1;; attempt++) try {
		return new Fd(bpf("BPF_PROG_LOAD", attr));
	} catch (error) {
		if (!isInterrupted(error)) throw explain(error, options, verifierLog(attr));
		if (attempt === MOST_INTERRUPTIONS) throw error;
	}
}
/** A signal, such as that of a profiler's timer, makes the verifier give up. */
function isInterrupted(error) {
	return error instanceof SysError && error.code === "EAGAIN";
}
function explain(error, options, log) {
	const reason = lastWords(log);
	if (reason !== "") return /cannot use helper|unknown func/.test(reason) && helperDenied(options.name) || new VerifierError(options.name, reason, log);
	if (!(error instanceof SysError) || error.code !== "EINVAL") return error;
	const { since } = PROGRAM_TYPES[options.type];
	return new UnsupportedError(`BPF program ${options.name}`, `Linux ${release()} does not take it as a program of type ${options.type}`, `use Linux ${since} or later with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF`);
}
const MOST_INTERRUPTIONS = 100;
const SMALLEST_LOG = 65536;
/** The last lines of an even longer one are lost. */
const LARGEST_LOG = 1 << 24;
/**
* What the verifier says of a program that does not load; empty if it does not get that far. A log
* that is too small makes the kernel say ENOSPC.
*/
function verifierLog(attr) {
	for (let size = SMALLEST_LOG;; size *= 4) {
		const log = new Uint8Array(size);
		attr.u32(LOAD.logLevel, 1).u32(LOAD.logSize, size).pointer(LOAD.log, log);
		try {
			new Fd(bpf("BPF_PROG_LOAD", attr))[Symbol.dispose]();
		} catch (error) {
			if (error instanceof SysError && error.code === "ENOSPC" && size < LARGEST_LOG) continue;
		}
		return new TextDecoder().decode(log.subarray(0, log.indexOf(0))).trim();
	}
}
// src/bpf/registers.ts
/**
* A register of the BPF machine. `R1` is all its 64 bits; `W1` the low 32, and an operation on it
* sets the high ones to 0, as in the verifier's notation.
*/
var Register = class {
	number;
	bits;
	constructor(number, bits) {
		this.number = number;
		this.bits = bits;
	}
};
/** What a function returns, and the result of a call. */
const R0 = new Register(0, 64);
/** The first argument; R1 to R5 are lost in a call. */
const R1 = new Register(1, 64);
const R2 = new Register(2, 64);
const R3 = new Register(3, 64);
const R4 = new Register(4, 64);
new Register(5, 64);
/** R6 to R9 survive a call. */
const R6 = new Register(6, 64);
const R7 = new Register(7, 64);
const R8 = new Register(8, 64);
new Register(9, 64);
/** The frame pointer, read-only: the stack is the 512 bytes below. */
const R10 = new Register(10, 64);
new Register(0, 32);
new Register(1, 32);
new Register(2, 32);
new Register(3, 32);
new Register(4, 32);
new Register(5, 32);
new Register(6, 32);
new Register(7, 32);
new Register(8, 32);
new Register(9, 32);
// src/live/read_program.ts
/**
* The map that ksight and the program share:
*
*     u64 count                      how many requests are to be served
*     struct { u64 address;          where to read
*              u32 length, offset;   how much, and where in the window to put it
*              s64 result; }         0, or the negative error of the helper
*       requests[MAX_REQUESTS]
*     u8 window[2 * WINDOW]          what was read
*
* The verifier looks at the largest offset and the largest length by themselves, so it wants the
* window twice as large as what is ever used.
*/
const MAX_REQUESTS = 4096;
const WINDOW = 1 << 20;
const WINDOW_AT = 98312;
const SHARED_SIZE = 2195464;
const STOP_LOOP = 1;
/** Loads the program that serves all requests of one call. `bpf_loop` came with Linux 5.17. */
function loadReadProgram(mapFd) {
	const a = new Assembler();
	a.ldMapValue(R1, mapFd, 0);
	a.load("u64", R1, R1, 0);
	a.ldFunc(R2, "serve");
	a.mov(R3, 0);
	a.mov(R4, 0);
	a.call(HELPERS.loop);
	a.mov(R0, 0);
	a.exit();
	a.label("serve");
	a.jge(R1, MAX_REQUESTS, "stop");
	a.mul(R1, 24);
	a.ldMapValue(R6, mapFd, 8);
	a.add(R6, R1);
	a.load("u64", R3, R6, 0);
	a.load("u32", R2, R6, 8);
	a.load("u32", R7, R6, 12);
	a.jgt(R2, WINDOW, "stop");
	a.jgt(R7, WINDOW, "stop");
	a.ldMapValue(R1, mapFd, WINDOW_AT);
	a.add(R1, R7);
	a.call(HELPERS.probe_read_kernel);
	a.store("u64", R6, 16, R0);
	a.mov(R0, 0);
	a.exit();
	a.label("stop");
	a.mov(R0, STOP_LOOP);
	a.exit();
	return Program.load({
		type: "syscall",
		name: "ksight_read",
		code: a
	});
}
// src/live/bpf_memory.ts
const PAGE_SIZE$1 = 4096n;
/**
* The running kernel's memory, read by a BPF program of type SYSCALL that copies with
* `bpf_probe_read_kernel` into a map that this process has mapped. It needs CAP_BPF and
* CAP_PERFMON, no /proc/kcore, no module and no kprobes; Linux 5.17 or later.
*/
var BpfMemory = class {
	owner = new Owner();
	run;
	shared;
	view;
	constructor() {
		const { shared, run } = this.owner.orDispose(() => this.setUp());
		this.shared = shared;
		this.view = new DataView(shared.buffer, shared.byteOffset, shared.byteLength);
		this.run = run;
	}
	setUp() {
		const map = this.owner.own(BpfMap.create({
			type: "array",
			keySize: 4,
			valueSize: SHARED_SIZE,
			maxEntries: 1,
			flags: BPF_F_MMAPABLE,
			name: "ksight_read"
		}));
		return {
			shared: this.owner.own(map.mmap()).bytes,
			run: this.owner.own(loadReadProgram(map.fd.number)).prepareRun()
		};
	}
	read(address, into) {
		for (let done = 0; done < into.length; done += WINDOW) {
			const part = into.subarray(done, done + WINDOW);
			const at = address + BigInt(done);
			this.request(0, at, part.length, 0);
			this.serve(1);
			if (this.result(0) < 0) throw this.fault(at, part.length);
			part.set(this.shared.subarray(WINDOW_AT, WINDOW_AT + part.length));
		}
	}
	gather(ranges) {
		const results = new Array(ranges.length);
		for (let next = 0; next < ranges.length;) next = this.gatherSome(ranges, next, results);
		return results;
	}
	/** Reads as many ranges, from `first` on, as one call can; gives the first one left over. */
	gatherSome(ranges, first, results) {
		let used = 0;
		let next = first;
		for (; next < ranges.length && next - first < 4096; next++) {
			const { address, length } = ranges[next];
			if (used + length > 1048576) break;
			this.request(next - first, address, length, used);
			used += length;
		}
		if (next === first) {
			results[first] = readOrFault(this, ranges[first]);
			return first + 1;
		}
		this.serve(next - first);
		this.collect(ranges, first, next, results);
		return next;
	}
	collect(ranges, first, end, results) {
		let offset = WINDOW_AT;
		const failed = [];
		for (let i = first; i < end; i++) {
			const { length } = ranges[i];
			if (this.result(i - first) < 0) failed.push(i);
			else results[i] = this.shared.slice(offset, offset + length);
			offset += length;
		}
		for (const i of failed) results[i] = this.fault(ranges[i].address, ranges[i].length);
	}
	/** Finds the first page of a range that cannot be read. */
	fault(address, length) {
		const end = address + BigInt(length);
		let at = address;
		while (at < end) {
			const next = (at / PAGE_SIZE$1 + 1n) * PAGE_SIZE$1;
			const stop = next < end ? next : end;
			this.request(0, at, Number(stop - at), 0);
			this.serve(1);
			if (this.result(0) < 0) return new FaultError(at, "no kernel memory is mapped there");
			at = stop;
		}
		return new FaultError(address, "it was not mapped a moment ago");
	}
	request(index, address, length, offset) {
		const at = 8 + index * 24;
		this.view.setBigUint64(at, address, true);
		this.view.setUint32(at + 8, length, true);
		this.view.setUint32(at + 12, offset, true);
	}
	serve(count) {
		this.view.setBigUint64(0, BigInt(count), true);
		this.run();
	}
	/** 0, or less where the range could not be read. */
	result(index) {
		return this.view.getInt32(8 + index * 24 + 16, true);
	}
	[Symbol.dispose]() {
		this.owner[Symbol.dispose]();
	}
};
// src/live/kcore_memory.ts
const FILE = "/proc/kcore";
const PT_LOAD = 1;
const PAGE_SIZE = 4096n;
/** /proc/kcore's headers and notes: a few program headers, and one more for each piece of RAM. */
const HEADER_BYTES = 1 << 20;
/**
* The running kernel's memory through /proc/kcore, an ELF core file whose segments are the ranges
* of kernel addresses in use. It needs CONFIG_PROC_KCORE and CAP_SYS_RAWIO, and no kernel lockdown.
*
* Within the vmalloc area, the kernel shows zeros for what is not mapped, such as the guard page
* behind a kernel stack, and there is no fault to report.
*/
var KcoreMemory = class {
	fd = open();
	segments;
	/** Where the file says VMCOREINFO is; since Linux 4.19 it is one of the notes. */
	elf;
	constructor() {
		this.elf = this.readHeaders();
		this.segments = this.elf.segments.filter(({ type }) => type === PT_LOAD).map(({ vaddr, memsz, offset }) => ({
			start: vaddr,
			end: vaddr + memsz,
			shift: offset - vaddr
		}));
	}
	readHeaders() {
		try {
			const bytes = new Uint8Array(HEADER_BYTES);
			return readElf(bytes.subarray(0, readSync(this.fd, bytes, 0, bytes.length, 0)), FILE);
		} catch (error) {
			this[Symbol.dispose]();
			throw error;
		}
	}
	read(address, into) {
		let done = 0;
		while (done < into.length) {
			const at = address + BigInt(done);
			const segment = this.segments.find(({ start, end }) => at >= start && at < end);
			if (segment === void 0) throw new FaultError(at, `no segment of ${FILE} has it`);
			const left = segment.end - at;
			const length = left < into.length - done ? Number(left) : into.length - done;
			done += this.readSegment(at, at + segment.shift, into.subarray(done, done + length));
		}
	}
	/** Reads what can be read at once; pages that are not mapped make the read end early or fail. */
	readSegment(address, position, into) {
		let count = 0;
		try {
			count = readSync(this.fd, into, 0, into.length, position);
		} catch (error) {
			if (into.length === 1) throw new FaultError(address, error.message);
			const untilPageEnd = Number(PAGE_SIZE - address % PAGE_SIZE);
			if (untilPageEnd >= into.length) throw new FaultError(address, "the kernel cannot read it");
			return this.readSegment(address, position, into.subarray(0, untilPageEnd));
		}
		if (count === 0) throw new FaultError(address, `${FILE} ends before it`);
		return count;
	}
	gather(ranges) {
		return ranges.map((range) => readOrFault(this, range));
	}
	[Symbol.dispose]() {
		closeSync(this.fd);
	}
};
function open() {
	try {
		return openSync(FILE, "r");
	} catch (error) {
		throw cannotOpen(error.code);
	}
}
function cannotOpen(code) {
	const what = `cannot read kernel memory through ${FILE}`;
	if (code === "ENOENT") return new UnsupportedError(what, "this kernel has none", "use --via bpf, or a kernel built with CONFIG_PROC_KCORE");
	return new PermissionError(what, `it needs the capability CAP_SYS_RAWIO and no kernel lockdown (${code})`, "run it as root, for example with sudo");
}
// src/live/open_memory.ts
/** Opens the running kernel's memory by one way, or by the first that works. */
function openMemory(via) {
	if (process.platform !== "linux") throw new UnsupportedError("cannot read the running kernel", `this system is ${process.platform}, not Linux`, "open a memory image with -c FILE");
	if (via !== void 0) return openBy(via);
	try {
		return openBy("bpf");
	} catch (bpf) {
		return openByKcoreAfter(bpf);
	}
}
function openBy(via) {
	return {
		via,
		memory: via === "bpf" ? new BpfMemory() : new KcoreMemory()
	};
}
/** Where the second way fails too, one line tells what would have made either work. */
function openByKcoreAfter(bpf) {
	if (!(bpf instanceof KsightError)) throw bpf;
	try {
		return openBy("kcore");
	} catch (kcore) {
		if (!(kcore instanceof KsightError)) throw kcore;
		throw cannotRead(bpf, kcore);
	}
}
function cannotRead(bpf, kcore) {
	if (!(bpf instanceof PermissionError)) return bpf;
	return new PermissionError("cannot read kernel memory", kcore instanceof PermissionError ? `${bpf.why}; or CAP_SYS_RAWIO` : bpf.why, bpf.todo);
}
// src/symbols/areas.ts
/**
* Where the kernel image lies, from the symbols that mark it. A kernel with all of its symbols
* (CONFIG_KALLSYMS_ALL) lists the end of its data; any other one the ends of its functions, those for
* initialisation apart.
*/
function imageAreas(addressOf) {
	const area = (startName, endName) => {
		const start = addressOf(startName);
		const end = addressOf(endName);
		return start === void 0 || end === void 0 ? [] : [{
			start,
			end
		}];
	};
	const whole = area("_stext", "_end");
	return whole.length > 0 ? whole : [...area("_stext", "_etext"), ...area("_sinittext", "_einittext")];
}
/**
* Where the modules lie, from the text of /proc/modules: lines of name, size, references, users,
* state and address. Since Linux 6.4 (ac3b43283923) the parts of a module lie apart, the size is
* their sum and the address is that of the functions.
*/
function moduleAreas(text) {
	const lines = text.matchAll(/^\S+ (\d+) \S+ \S+ \S+ 0x([0-9a-f]+)/gm);
	return Array.from(lines, ([, size, address]) => {
		const start = BigInt(`0x${address}`);
		return {
			start,
			end: start + BigInt(size)
		};
	});
}
// src/symbols/kallsyms_text.ts
const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
/** No line is shorter: an address, a type, a name of one character. */
const SHORTEST_LINE = 6;
/**
* Parses what /proc/kallsyms says: lines of address, type, name and, after a tab, the module in
* brackets. System.map has the same form. Throws {@link FormatError} for any other text, and
* {@link PermissionError} where the kernel hides the addresses: it then prints zeros.
*/
function parseKallsyms(text, source = "/proc/kallsyms") {
	const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
	const lines = new LineScanner(bytes, source);
	lines.scan();
	if (lines.count > 0 && !lines.anyAddress) throw new PermissionError("cannot tell where kernel symbols are", `${source} shows zeros for addresses, as the sysctl kernel.kptr_restrict demands`, "run as root (CAP_SYSLOG), with kernel.kptr_restrict at 0 or 1");
	return new KallsymsText(source, bytes, lines);
}
/**
* The one pass over the text. It is most of what opening the symbols costs, so its functions are
* small, which lets the JIT compiler finish early, and numbers are 32-bit halves.
*/
var LineScanner = class {
	bytes;
	source;
	count = 0;
	anyAddress = false;
	/** Where each name starts. */
	names;
	hashes;
	halves;
	at = 0;
	constructor(bytes, source) {
		this.bytes = bytes;
		this.source = source;
		const most = Math.ceil(bytes.length / SHORTEST_LINE);
		this.names = new Uint32Array(most);
		this.hashes = new Uint32Array(most);
		this.halves = new Uint32Array(most * 2);
	}
	get addresses() {
		return new BigUint64Array(this.halves.buffer, 0, this.count);
	}
	scan() {
		while (this.at < this.bytes.length) {
			const start = this.at;
			if (!this.scanAddress() || !this.scanName()) throw new FormatError(this.source, start, "a line is made of address, type and name");
			this.count++;
		}
	}
	scanAddress() {
		const { bytes, at: start } = this;
		let hi = 0;
		let lo = 0;
		let at = start;
		for (let digit = DIGITS[bytes[at]]; digit < 16; digit = DIGITS[bytes[++at]]) {
			hi = hi << 4 | lo >>> 28;
			lo = lo << 4 | digit;
		}
		this.halves[2 * this.count + LOW$1] = lo;
		this.halves[2 * this.count + HIGH$1] = hi;
		if ((hi | lo) !== 0) this.anyAddress = true;
		this.at = at;
		return at > start && at <= start + 16 && bytes[at] === SPACE && bytes[at + 2] === SPACE;
	}
	scanName() {
		const { bytes } = this;
		const start = this.at + 3;
		let hash = EMPTY_HASH;
		let at = start;
		for (; bytes[at] > SPACE; at++) hash = hashByte(hash, bytes[at]);
		this.names[this.count] = start;
		this.hashes[this.count] = hash;
		const end = at;
		while (at < bytes.length && bytes[at] !== NEWLINE) at++;
		this.at = at + 1;
		return end > start;
	}
};
const LOW$1 = HOST_LITTLE_ENDIAN ? 0 : 1;
const HIGH$1 = 1 - LOW$1;
/** The value of each hexadecimal digit, and 16 for every other byte. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
	const digit = Number.parseInt(String.fromCharCode(byte), 16);
	return Number.isNaN(digit) ? 16 : digit;
});
var KallsymsText = class {
	source;
	bytes;
	lines;
	addresses;
	text;
	constructor(source, bytes, lines) {
		this.source = source;
		this.bytes = bytes;
		this.lines = lines;
		this.addresses = lines.addresses;
	}
	nameAt(position) {
		const start = this.lines.names[position];
		this.text ??= textOf(this.bytes);
		return this.text.slice(start, this.endOfName(start));
	}
	nameHashAt(position) {
		return this.lines.hashes[position];
	}
	typeAt(position) {
		return String.fromCharCode(this.bytes[this.lines.names[position] - 2]);
	}
	moduleAt(position) {
		const tab = this.endOfName(this.lines.names[position]);
		if (this.bytes[tab] !== TAB) return void 0;
		this.text ??= textOf(this.bytes);
		const end = this.text.indexOf("\n", tab);
		return this.text.slice(tab + 1, end === -1 ? void 0 : end).replace(/^\[(.*)\]$/, "$1");
	}
	endOfName(start) {
		let end = start;
		while (end < this.bytes.length && this.bytes[end] > SPACE) end++;
		return end;
	}
};
// src/symbols/address_order.ts
/**
* Positions of addresses in ascending order, equal ones in the order of the source. The kernel's own
* symbols come in this order; those of modules follow in none.
*/
var AddressOrder = class {
	addresses;
	order;
	constructor(addresses) {
		this.addresses = addresses;
		const halves = new Halves(addresses);
		if (halves.isAscending(addresses.length)) return;
		const positions = Array.from(addresses, (_, position) => position);
		this.order = Uint32Array.from(positions.sort((a, b) => halves.compare(a, b) || a - b));
	}
	/** The position of the `rank`th lowest address. */
	positionAt(rank) {
		return this.order === void 0 ? rank : this.order[rank];
	}
	/** The `rank`th lowest address; undefined behind the last. */
	addressAt(rank) {
		return this.addresses[this.positionAt(rank)];
	}
	/** How many addresses are below this one. */
	rankOf(address) {
		let low = 0;
		let high = this.addresses.length;
		while (low < high) {
			const middle = low + high >>> 1;
			if (this.addressAt(middle) < address) low = middle + 1;
			else high = middle;
		}
		return low;
	}
};
/** 64-bit addresses as 32-bit halves, which are quicker to compare than bigints. */
var Halves = class {
	halves;
	constructor(addresses) {
		this.halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2);
	}
	/** Negative if the address at position `a` is below the one at `b`, 0 if it is the same. */
	compare(a, b) {
		const { halves } = this;
		return halves[2 * a + HIGH] - halves[2 * b + HIGH] || halves[2 * a + LOW] - halves[2 * b + LOW];
	}
	isAscending(count) {
		for (let i = 1; i < count; i++) if (this.compare(i - 1, i) > 0) return false;
		return true;
	}
};
const LOW = HOST_LITTLE_ENDIAN ? 0 : 1;
const HIGH = 1 - LOW;
// src/symbols/symbols.ts
/** How far the last symbol of a module is taken to reach where the end of its module is unknown. */
const UNKNOWN_REACH = 65536n;
/** The symbols of a kernel, by name and by address. */
var Symbols = class {
	table;
	modules;
	index;
	order;
	image;
	/** `modules` are the areas that modules lie in, as far as they are known. */
	constructor(table, modules = []) {
		this.table = table;
		this.modules = modules;
	}
	get count() {
		return this.table.addresses.length;
	}
	/**
	* The first symbol of this name, in the kernel or in one module: the same name may belong to
	* several static functions. Mirrors `kallsyms_lookup_name()`, which too returns the first.
	*/
	find(name, module) {
		for (const symbol of this.findAll(name)) if (module === void 0 || symbol.module === module) return symbol;
	}
	/** All symbols of this name, in the order of the source. */
	*findAll(name) {
		this.index ??= this.indexNames();
		for (const position of this.index.candidates(hashName(name))) if (this.table.nameAt(position) === name) yield this.symbolAt(position);
	}
	/** Like {@link find}, but throws {@link NotFoundError} that names the nearest ones. */
	get(name, module) {
		const found = this.find(name, module);
		if (found !== void 0) return found;
		throw new NotFoundError(`no symbol ${name}${module === void 0 ? "" : ` in module ${module}`}`, nearestNames(name, this.names()), `${this.table.source} has none of this name`);
	}
	/**
	* The symbol that an address belongs to: the last at or below it, unless it ends before. Mirrors
	* `kallsyms_lookup()`. Of several symbols at one address (aliases) that is the first of the source,
	* as in the kernel; there the global ones, and of them those with the fewest leading underscores,
	* come before weak ones and those that the linker defines (compare_symbols() in
	* scripts/kallsyms.c).
	*/
	nearest(address) {
		this.order ??= new AddressOrder(this.table.addresses);
		const next = this.order.rankOf(address + 1n);
		const start = this.order.addressAt(next - 1);
		if (next === 0 || start === void 0) return void 0;
		const symbol = this.symbolAt(this.order.positionAt(this.order.rankOf(start)));
		if (address >= this.reachOf(symbol)) return void 0;
		return {
			symbol,
			offset: Number(address - start)
		};
	}
	/** Where a symbol ends if no other one follows. */
	reachOf({ address, module }) {
		this.image ??= imageAreas((name) => this.find(name)?.address);
		return (module === void 0 ? this.image : this.modules).find(({ start, end }) => address >= start && address < end)?.end ?? address + (module === void 0 ? 1n : UNKNOWN_REACH);
	}
	/** Every symbol, in the order of the source. */
	*symbols() {
		for (let position = 0; position < this.count; position++) yield this.symbolAt(position);
	}
	symbolAt(position) {
		return {
			name: this.table.nameAt(position),
			address: this.table.addresses[position],
			type: this.table.typeAt(position),
			module: this.table.moduleAt(position)
		};
	}
	*names() {
		for (let position = 0; position < this.count; position++) yield this.table.nameAt(position);
	}
	indexNames() {
		const index = new NameIndex(this.count);
		for (let i = this.count - 1; i >= 0; i--) index.add(i, this.table.nameHashAt(i));
		return index;
	}
};
// src/live/read_symbols.ts
/** Symbols of the kernel and its modules. Throws PermissionError where their addresses are hidden. */
function readSymbols() {
	return new Symbols(parseKallsyms(readFileSync("/proc/kallsyms")), moduleAreas(readModules()));
}
/** A kernel without CONFIG_MODULES has no such file. */
function readModules() {
	return existsSync("/proc/modules") ? readFileSync("/proc/modules", "utf8") : "";
}
// src/linux/sysfs.ts
/**
* A large binary file of sysfs, such as /sys/kernel/btf/vmlinux (5.5 MB): mapped where the kernel
* allows it (Linux 6.16 for BTF), which takes no time and no memory; else read, which sysfs does
* a page at a time however large the buffer. The bytes are for reading only: writing is a SIGSEGV
* where they are mapped.
*/
function readSysfs(path) {
	const fd = openSync(path, "r");
	try {
		return mapOrRead(fd);
	} finally {
		closeSync(fd);
	}
}
function mapOrRead(fd) {
	try {
		return new Mapping(fd, fstatSync(fd).size, { shared: false }).bytes;
	} catch (error) {
		if (error instanceof SysError) return readFileSync(fd);
		throw error;
	}
}
// src/live/read_types.ts
const BTF_FILE = "/sys/kernel/btf/vmlinux";
/** The running kernel's types; anybody may read them. Throws {@link UnsupportedError}. */
function readTypes() {
	return new Btf(readBtf(), { source: BTF_FILE });
}
function readBtf() {
	try {
		return readSysfs(BTF_FILE);
	} catch {
		throw new UnsupportedError("no type information of this kernel", `${BTF_FILE} cannot be read`, "it needs a kernel built with CONFIG_DEBUG_INFO_BTF");
	}
}
// src/bpf/link.ts
const BPF_TRACE_ITER = 28;
/** An iterator's program, attached to what it iterates over. */
var IterLink = class IterLink {
	fd;
	constructor(fd) {
		this.fd = fd;
	}
	/** BPF_LINK_CREATE of a tracing program that was loaded for `trace_iter`. Throws SysError. */
	static attach(program, filter) {
		const attr = new BpfAttr(32).u32(0, program.fd.number).u32(8, BPF_TRACE_ITER);
		if (filter !== void 0) {
			const info = linkInfo(filter);
			attr.pointer(16, info).u32(24, info.length);
		}
		return new IterLink(new Fd(bpf("BPF_LINK_CREATE", attr)));
	}
	/** BPF_ITER_CREATE: a new iteration; what is read from it is what the program writes. */
	iterate() {
		return new Fd(bpf("BPF_ITER_CREATE", new BpfAttr(8).u32(0, this.fd.number)));
	}
	[Symbol.dispose]() {
		this.fd[Symbol.dispose]();
	}
};
/** `union bpf_iter_link_info`: its `task` is { u32 tid; u32 pid; u32 pid_fd }. */
function linkInfo(filter) {
	const info = /* @__PURE__ */ new Uint32Array(4);
	if ("tid" in filter) info[0] = filter.tid;
	else info[1] = filter.pid;
	return new Uint8Array(info.buffer);
}
// src/live/task_iterator.ts
/** BPF programs have 512 bytes of stack; one word of it holds the pointer that is being followed. */
const LARGEST_RECORD = 504;
/** The kernel hands over at most 8 pages per read. */
const READ_SIZE = 32768;
/** Loads by their width in bytes, the widest first. */
const WIDTHS = [
	[8, "u64"],
	[4, "u32"],
	[2, "u16"],
	[1, "u8"]
];
/**
* All tasks by a BPF task iterator (Linux 5.8): the kernel walks them itself, and a small program,
* compiled from the columns that are wanted, writes one record for each.
*/
var TaskIterator = class {
	btf;
	someTask;
	constructor(btf) {
		this.btf = btf;
	}
	records(columns, scope) {
		const records = this.iterate(columns, scope, void 0, (fd) => readAll(fd, columns.stride));
		for (const address of columns.addresses(records)) {
			this.someTask = address;
			break;
		}
		return records;
	}
	/** The address of a task, no matter which: of the latest iteration, if there was one. */
	anyTask(columns) {
		if (this.someTask !== void 0) return this.someTask;
		for (const address of columns.addresses(this.firstRecords(columns))) return address;
		throw new UnsupportedError("no task found", "the BPF task iterator shows none");
	}
	/** The records of the first few tasks; takes no longer where there are very many. */
	firstRecords(columns) {
		return this.iterate(columns, "threads", void 0, (fd) => {
			const bytes = new Uint8Array(READ_SIZE);
			return bytes.subarray(0, fd.read(bytes));
		});
	}
	/** The record of one thread, by its pid in the caller's namespace (Linux 6.1). */
	recordOf(columns, tid) {
		return this.iterate(columns, "threads", { tid }, (fd) => readAll(fd, columns.stride));
	}
	iterate(columns, scope, filter, read) {
		using program = Program.load({
			type: "tracing",
			name: "ksight_tasks",
			code: taskProgram(columns, scope),
			expectedAttachType: "trace_iter",
			attachBtfId: this.btf.get("bpf_iter_task", "func").id
		});
		using link = IterLink.attach(program, filter);
		using iteration = link.iterate();
		return read(iteration);
	}
};
function readAll(fd, stride) {
	let all = new Uint8Array(READ_SIZE * 4);
	let length = 0;
	for (;;) {
		if (all.length - length < READ_SIZE) all = grown(all);
		const count = fd.read(all.subarray(length, length + READ_SIZE));
		if (count === 0) return all.subarray(0, length - length % stride);
		length += count;
	}
}
function grown(bytes) {
	const larger = new Uint8Array(bytes.length * 2);
	larger.set(bytes);
	return larger;
}
/**
* `int program(struct bpf_iter__task *ctx)` with ctx = { meta, task }: fills a record on the stack
* and writes it. R6 is ctx, R7 the task, R8 the pointer that is followed.
*/
function taskProgram(columns, scope) {
	const { stride } = columns;
	if (stride > LARGEST_RECORD) throw new UsageError("too many columns", `their ${stride} bytes do not fit into a BPF stack`);
	const record = -stride;
	const scratch = record - 8;
	const a = new Assembler();
	a.mov(R6, R1);
	a.load("u64", R7, R6, 8);
	a.jeq(R7, 0, "done");
	if (scope === "processes") skipUnlessLeader(a, columns, scratch);
	for (let at = record; at < 0; at += 8) a.store("u64", R10, at, 0);
	a.store("u64", R10, record, R7);
	columns.columns.forEach((column, index) => {
		readColumn(a, column, index, record, scratch);
	});
	a.load("u64", R1, R6, 0);
	a.load("u64", R1, R1, 0);
	a.mov(R2, R10);
	a.add(R2, record);
	a.mov(R3, stride);
	a.call(HELPERS.seq_write);
	a.label("done");
	a.mov(R0, 0);
	a.exit();
	return a;
}
function skipUnlessLeader(a, columns, scratch) {
	const leader = columns.struct.members.find((member) => member.name === "group_leader");
	readKernel(a, scratch, 8, R7, (leader?.bitOffset ?? 0) / 8);
	a.load("u64", R8, R10, scratch);
	a.jne(R8, R7, "done");
}
/**
* Numbers in the task itself are read by loads, which the verifier checks against the kernel's BTF.
* Pointers to structs are not, though they could be: for each of those the verifier looks through
* all names of the BTF, which takes longer than the helper does for ten thousand tasks.
*/
function readColumn(a, { hops, size, at }, index, record, scratch) {
	if (hops.length === 1) {
		readMember(a, record + at, size, hops[0]);
		return;
	}
	a.mov(R8, R7);
	for (const hop of hops.slice(0, -1)) {
		readKernel(a, scratch, 8, R8, hop);
		a.jne(R0, 0, `missing${index}`);
		a.load("u64", R8, R10, scratch);
		a.jeq(R8, 0, `missing${index}`);
	}
	readKernel(a, record + at, size, R8, hops.at(-1));
	a.jeq(R0, 0, `next${index}`);
	a.label(`missing${index}`);
	a.load("u64", R1, R10, record + 8);
	setBit(a, index);
	a.store("u64", R10, record + 8, R1);
	a.label(`next${index}`);
}
/** Copies a member of the task, in loads as wide as they may be. */
function readMember(a, to, size, offset) {
	const [bytes, load] = WIDTHS.find(([bytes]) => size % bytes === 0);
	for (let done = 0; done < size; done += bytes) {
		a.load(load, R1, R7, offset + done);
		a.store(load, R10, to + done, R1);
	}
}
function setBit(a, index) {
	a.mov(R2, 1);
	a.lsh(R2, index);
	a.or(R1, R2);
}
/** `bpf_probe_read_kernel(fp + to, size, base + offset)` */
function readKernel(a, to, size, base, offset) {
	a.mov(R1, R10);
	a.add(R1, to);
	a.mov(R2, size);
	a.mov(R3, base);
	if (offset !== 0) a.add(R3, offset);
	a.call(HELPERS.probe_read_kernel);
}
// src/live/user_memory.ts
/**
* The memory of running processes by `process_vm_readv(2)`: it stops nobody, and needs the right to
* trace the process (CAP_SYS_PTRACE for that of others).
*/
var LiveUserMemory = class {
	space;
	ownTask;
	namespace;
	constructor(space, ownTask) {
		this.space = space;
		this.ownTask = ownTask;
	}
	read(task, address, into) {
		const pid = this.pidOf(task);
		if (pid === 0) return 0;
		const count = processVmReadv(pid, address, into);
		return this.space.at("task_struct", task.$address).thread_pid?.$address === task.thread_pid.$address ? count : 0;
	}
	/** System calls take pids of the caller's namespace. */
	pidOf(task) {
		this.namespace ??= taskActivePidNs(this.ownTask());
		return this.namespace === null ? 0 : pidNrNs(task.thread_pid, this.namespace);
	}
};
function processVmReadv(pid, address, into) {
	if (into.length === 0) return 0;
	const length = BigInt(into.length);
	const local = new Uint8Array(BigUint64Array.of(BigInt(addressOf(into)), length).buffer);
	const remote = new Uint8Array(BigUint64Array.of(address, length).buffer);
	try {
		return syscall("process_vm_readv", pid, addressOf(local), 1, addressOf(remote), 1, 0);
	} catch (error) {
		if (!(error instanceof SysError)) throw error;
		if (error.code === "ESRCH" || error.code === "EFAULT") return 0;
		if (error.code !== "EPERM") throw error;
		throw new PermissionError(`cannot read memory of process ${pid}`, "it may not be traced by this process", "use root, or CAP_SYS_PTRACE");
	}
}
// src/live/open_live.ts
/** Opens the running kernel. Throws PermissionError or UnsupportedError that says what is missing. */
function openLive(options = {}) {
	const { via, memory } = openMemory(options.via);
	try {
		const types = readTypes();
		return new Kernel({
			types,
			memory,
			symbols: readSymbols,
			resources: memory,
			...via === "bpf" ? throughBpf(types, memory) : throughKcore()
		});
	} catch (error) {
		memory[Symbol.dispose]();
		throw error;
	}
}
function throughBpf(types, memory) {
	const space = new ObjectSpace(types, memory);
	const tasks = new TaskIterator(types);
	const none = new Columns(space, space.struct("task_struct").type, []);
	const ownTask = () => {
		for (const address of none.addresses(tasks.recordOf(none, process.pid))) return address;
		throw new UnsupportedError("own task not found", "the BPF task iterator does not show it");
	};
	return {
		source: "the running kernel, through BPF",
		hints: {
			...liveHints(),
			anyTask: () => tasks.anyTask(none)
		},
		tasks,
		ownTask,
		userMemory: new LiveUserMemory(space, () => space.at("task_struct", ownTask()))
	};
}
function throughKcore() {
	return {
		source: "the running kernel, through /proc/kcore",
		hints: liveHints()
	};
}
// ../../../tmp/kallsyms/p.ts
using k = openLive();
console.log(k.vmcoreinfo.text);
export {};
