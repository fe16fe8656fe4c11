/** For a page that wants nothing but `<script type="module" src=".../dist/auto.js">`. */

import { upgrade } from "./index.ts";

upgrade();
