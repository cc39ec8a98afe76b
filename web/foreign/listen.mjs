// Prints the data of each event of the URL: in Node, Deno and Bun.
import { connect } from "carillon-client";

connect(process.argv[2]).onmessage = ({ data }) => console.log(data);
