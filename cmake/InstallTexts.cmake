# At installation: manual pages, completions and, in a package, the file of settings, all written by the program itself.
# Wants PROGRAM, PREFIX (of the installation), DOC (a folder), VERSION and PACKAGE (yes or no).
set(root "$ENV{DESTDIR}${PREFIX}")

function(write_text into)
    get_filename_component(folder "${into}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND "${PROGRAM}" ${ARGN} OUTPUT_FILE "${into}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

execute_process(COMMAND "${PROGRAM}" manual --list OUTPUT_VARIABLE pages COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${pages}" pages)
string(REPLACE "\n" ";" pages "${pages}")
foreach(page IN LISTS pages)
    write_text("${root}/share/man/man1/${page}.1" manual ${page})
    execute_process(COMMAND gzip -9nf "${root}/share/man/man1/${page}.1" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
write_text("${root}/share/bash-completion/completions/carillon" completion bash)
write_text("${root}/share/zsh/vendor-completions/_carillon" completion zsh)
write_text("${root}/share/fish/vendor_completions.d/carillon.fish" completion fish)

if(PACKAGE)
    write_text("$ENV{DESTDIR}/etc/carillon/carillon.toml" config --sample)
    execute_process(COMMAND gzip -9nf "$ENV{DESTDIR}${DOC}/CHANGELOG.md" COMMAND_ERROR_IS_FATAL ANY)
    file(RENAME "$ENV{DESTDIR}${DOC}/CHANGELOG.md.gz" "$ENV{DESTDIR}${DOC}/changelog.gz")
    file(REMOVE "$ENV{DESTDIR}${DOC}/LICENSE")  # the copyright file has it
    file(WRITE "$ENV{DESTDIR}${DOC}/changelog.Debian" "carillon (${VERSION}-1) stable; urgency=medium

  * This version's changes are in changelog.gz.

 -- the Carillon authors <maintainers@carillon.invalid>  Thu, 01 Jan 2026 00:00:00 +0000
")
    execute_process(COMMAND gzip -9nf "$ENV{DESTDIR}${DOC}/changelog.Debian" COMMAND_ERROR_IS_FATAL ANY)
endif()
