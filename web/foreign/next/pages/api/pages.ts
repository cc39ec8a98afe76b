import { passThrough } from "carillon-server/express";
import type { NextApiRequest } from "next";
import { carillon, userOf } from "../../server/carillon";

export const config = { api: { externalResolver: true } };
export default passThrough<NextApiRequest>({ carillon, path: "/events/subscribe", user: (request) => userOf(request.cookies["user"]) });
