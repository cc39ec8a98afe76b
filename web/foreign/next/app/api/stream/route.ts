import { streamRoute } from "carillon-server/next";
import { cookies } from "next/headers";
import { carillon, userOf } from "../../../server/carillon";

export const dynamic = "force-dynamic";
export const GET = streamRoute({ carillon, path: "/events/subscribe", user: async () => userOf((await cookies()).get("user")?.value) });
