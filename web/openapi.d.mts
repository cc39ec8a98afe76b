/** Where the types are kept. */
export const file: string;
/** The text of that file that a document asks for. */
export function typesOf(document: object): Promise<string>;
