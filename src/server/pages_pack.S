/* The pages as the build of web/apps/console made them; see pages.hpp. */
    .section .rodata
    .balign 16
    .globl carillon_pages_begin
carillon_pages_begin:
    .incbin PAGES_PACK
    .globl carillon_pages_end
carillon_pages_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
