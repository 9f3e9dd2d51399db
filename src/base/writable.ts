/** An object that is put together field by field, before anybody else sees it. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
