import { Carillon } from "carillon-server";

export const carillon = new Carillon();

/** The application's own login: a cookie. */
export const userOf = (name: string | undefined) => (name === undefined ? undefined : { id: name, session: `${name}-s` });
