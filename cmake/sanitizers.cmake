# Sanitizers see all of our code, hence no per-target switch. C is left out: it is SQLite, which
# then compiles once for all presets (ccache), and runs at full speed under them.

if(SATCHEL_SANITIZE)
    add_compile_options(
        "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${SATCHEL_SANITIZE}>"
        $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>
        $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
    add_link_options(-fsanitize=${SATCHEL_SANITIZE})
endif()
